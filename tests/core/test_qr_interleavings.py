"""Any order of what browsers, phones, thieves and time can do: nobody is signed in unapproved.

The model knows only who approved what and typed which digits; the bridge is asked to do everything
at any moment. After each step every session that exists must be one its owner approved, from the
browser that was approved, and no flow may have given two.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from idp_bridge.core.errors import BridgeError
from idp_bridge.core.qr_approval import Asked
from tests.core.world import REALM, Browser, PhoneInHand, World

PCS = st.sampled_from(["one", "two"])
PHONES = st.sampled_from(["zhang", "wang"])


class Interleavings(RuleBasedStateMachine):
    """Two browsers, two phones, and a thief who has seen everything that was ever on a screen."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World()
        self.pcs = {name: self.world.browser(name) for name in ("one", "two")}
        self.phones: dict[str, PhoneInHand] = {
            name: self.run(self.world.phone(name)) for name in ("zhang", "wang")
        }
        self.frames: list[tuple[str, str]] = []
        self.asked: list[tuple[str, str, Asked]] = []
        self.digits: dict[str, str] = {}
        self.approved: dict[str, tuple[str, str]] = {}
        self.confirmed: set[str] = set()
        self.denied: set[str] = set()
        self.sessions: list[tuple[str, str, str]] = []

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(call)

    def attempt(self, call: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self.run(call)
        except BridgeError:
            return None

    def is_over(self, name: str) -> bool:
        status = self.attempt(self.pcs[name].status())
        return status is None or status.state in ("denied", "cancelled", "expired", "claimed")

    def waiting(self, *states: str) -> bool:
        held = (self.attempt(pc.status()) for pc in self.pcs.values() if pc.interaction)
        return any(status is not None and status.state in states for status in held)

    def reference(self, pc: Browser) -> str:
        flow = self.run(self.world.login._mine(pc.interaction, pc.secret))
        return str(flow.reference())

    @rule(name=PCS, again=st.sampled_from([False, False, False, False, True]))
    def a_browser_opens_the_page(self, name: str, again: bool) -> None:
        if self.pcs[name].interaction and not again and not self.is_over(name):
            return
        status = self.attempt(self.pcs[name].open())
        if status and status.frame:
            self.frames.append((name, status.frame))

    @precondition(lambda self: all(pc.interaction for pc in self.pcs.values()))
    @rule(name=PCS)
    def a_browser_looks(self, name: str) -> None:
        status = self.attempt(self.pcs[name].status())
        if status and status.frame:
            self.frames.append((name, status.frame))

    @precondition(lambda self: any(pc.interaction for pc in self.pcs.values()))
    @rule(name=PHONES, data=st.data(), wait=st.sampled_from([0, 2, 2, 5]))
    def a_phone_scans_what_is_shown_now(self, name: str, data: st.DataObject, wait: int) -> None:
        pc = data.draw(st.sampled_from([n for n, b in self.pcs.items() if b.interaction]))
        status = self.attempt(self.pcs[pc].status())
        asked = self.attempt(self.phones[name].scan(status.frame)) if status else None
        if asked:
            self.asked.append((name, pc, asked))
            self.world.clock.advance(wait)

    @precondition(lambda self: self.asked)
    @rule(decision=st.sampled_from(["approve", "approve", "approve", "deny"]))
    def a_phone_decides_what_it_asked_last(self, decision: str) -> None:
        self.decide(*self.asked[-1], decision)

    @precondition(lambda self: self.frames)
    @rule(name=PHONES, data=st.data())
    def a_phone_scans_any_frame_ever_shown(self, name: str, data: st.DataObject) -> None:
        pc, frame = data.draw(st.sampled_from(self.frames))
        asked = self.attempt(self.phones[name].scan(frame))
        if asked:
            self.asked.append((name, pc, asked))

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), decision=st.sampled_from(["approve", "deny"]))
    def a_phone_decides(self, data: st.DataObject, decision: str) -> None:
        self.decide(*data.draw(st.sampled_from(self.asked)), decision)

    def decide(self, name: str, pc: str, asked: Asked, decision: str) -> None:
        decided = self.attempt(self.phones[name].decide(asked, decision))
        if decided and decided.approved:
            assert asked.reference not in self.approved
            self.approved[asked.reference] = (name, pc)
            self.digits[asked.reference] = decided.digits
        elif decided:
            self.denied.add(asked.reference)

    @precondition(lambda self: self.asked)
    @rule(data=st.data(), name=PHONES)
    def a_phone_replays_anothers_signature(self, data: st.DataObject, name: str) -> None:
        owner, _, asked = data.draw(st.sampled_from(self.asked))
        signed = self.phones[owner].sign(asked)
        if name != owner:
            assert self.attempt(self.phones[name].decide(asked, signed=signed)) is None

    @precondition(lambda self: self.waiting("approved"))
    @rule(name=PCS, right=st.sampled_from([True, True, False]))
    def a_browser_types_digits(self, name: str, right: bool) -> None:
        pc = self.pcs[name]
        if not pc.interaction:
            return
        reference = self.reference(pc)
        digits = self.digits.get(reference, "0000") if right else "no"
        if self.attempt(pc.confirm(digits)):
            assert right
            self.confirmed.add(reference)

    @precondition(lambda self: self.waiting("approved", "confirmed"))
    @rule(name=PCS, thief=st.sampled_from([True, False, False]))
    def a_browser_claims(self, name: str, thief: bool) -> None:
        pc = self.pcs[name]
        if not pc.interaction:
            return
        if thief:
            stranger = self.world.browser("thief")
            stranger.interaction = pc.interaction
            assert self.attempt(stranger.claim()) is None
            return
        reference = self.reference(pc)
        signed_in = self.attempt(pc.claim())
        if signed_in:
            self.sessions.append((reference, name, signed_in.authentication.subject))

    @rule(name=PCS, holder=PHONES, stage=st.sampled_from(["scan", "approve", "type", "claim"]))
    def an_honest_pair_gets_as_far_as(self, name: str, holder: str, stage: str) -> None:
        """Leads into the deep states, from which every other rule then goes on."""
        self.a_browser_opens_the_page(name, again=True)
        status = self.attempt(self.pcs[name].status())
        asked = self.attempt(self.phones[holder].scan(status.frame)) if status else None
        if not asked:
            return
        self.asked.append((holder, name, asked))
        self.world.clock.advance(2)
        if stage != "scan":
            self.decide(holder, name, asked, "approve")
        if stage in ("type", "claim"):
            self.a_browser_types_digits(name, right=True)
        if stage == "claim":
            self.a_browser_claims(name, thief=False)

    @rule(seconds=st.sampled_from([1, 2, 2, 5, 11, 31, 91]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(name=PHONES, enabled=st.sampled_from([True, True, True, True, False]))
    def an_administrator_disables_or_enables(self, name: str, enabled: bool) -> None:
        self.world.accounts.change(REALM, name, enabled=enabled)

    @invariant()
    def every_session_was_approved_by_its_owner_for_that_browser(self) -> None:
        for reference, pc, subject in self.sessions:
            assert self.approved.get(reference) == (subject, pc)
            assert reference in self.confirmed
            assert reference not in self.denied

    @invariant()
    def no_flow_gave_two_sessions(self) -> None:
        references = [reference for reference, _, _ in self.sessions]
        assert len(references) == len(set(references))

    def teardown(self) -> None:
        self.loop.close()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
