"""One order from offer to receipt: proposed, chosen, approved, written once, followed, cancelled.

Here live the typed proposal, its states, and each step on it.
Never here: how a proposal is stored, how a page shows it, an order without an approval.
"""
