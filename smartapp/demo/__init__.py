"""An EHR to play with: a real FHIR server behind a strict SMART authorization server, with a chart screen.
It talks to the app over HTTP only and holds no answers: every verdict is made from the chart.
Nothing of the app is ever imported here, and nothing here is meant for real patients.
"""
