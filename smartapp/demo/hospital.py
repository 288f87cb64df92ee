"""Everything the demo EHR's screens show and do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import abort

from smartapp.demo.cards import Waiting
from smartapp.demo.console import Console
from smartapp.demo.faults import Faults
from smartapp.demo.fhir_server import FhirServer
from smartapp.demo.hooks import HookCaller, Seen
from smartapp.demo.pad import Pads
from smartapp.demo.stories import Story
from smartapp.demo.tokens import DemoUser, LaunchContext, TokenStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Hospital:
    """The store, the sign-in, the callers, the pads and the stories; `now` is the clinical now."""

    app_url: str
    server: FhirServer
    tokens: TokenStore
    faults: Faults
    console: Console
    hooks: HookCaller
    pads: Pads
    waiting: Waiting
    stories: dict[str, Story]
    user: DemoUser
    now: Callable[[], datetime]
    reset: Callable[[], None]

    def seen(self, story: Story) -> Seen:
        """The open chart."""
        return Seen(patient=story.patient, encounter=story.encounter, user=self.user.reference)

    def launch_url(self, story: Story, app_context: str = "") -> str:
        """Where the app is opened for this chart: an EHR launch."""
        context = LaunchContext(
            patient=story.patient, encounter=story.encounter, user=self.user, app_context=app_context
        )
        launch = self.tokens.add_launch(context)
        return f"{self.app_url}/launch?{urlencode({'iss': self.server.base_url, 'launch': launch})}"

    def story(self, patient: str) -> Story:
        """The story of a patient; no such chart: 404."""
        return self.stories.get(patient) or abort(404)
