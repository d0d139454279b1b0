"""Five customers who write to the shop at a human pace and react to its answers.

`run_demo(wa)` lets them loose on the simulator's loop and returns; they begin when the shop's client is
connected, and start over with a new round after everything was said.
"""

from __future__ import annotations

import asyncio
import datetime
import random
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from tests.whatsapp_server.actors.customer import Customer
from tests.whatsapp_server.demo_media import transfer_slip, voice_note
from tests.whatsapp_server.personas import (
    PERSONAS,
    Correct,
    Persona,
    Place,
    React,
    Say,
    ShowSlip,
    Speak,
    Step,
)
from tests.whatsapp_server.world import WhatsAppServer

LOOK_EVERY = 0.3
"""Seconds between two looks at whether the shop has answered."""

SETTLE = 6.0
"""Seconds of silence after which an answer of several messages counts as complete."""

TYPING_PER_LETTER = 0.05
NEXT_ROUND = 600.0
"""Seconds until a customer who is through comes back."""


class DemoCustomer:
    """One customer and their script; `pace` 2.0 is twice as fast as life."""

    def __init__(self, customer: Customer, persona: Persona, pace: float, chance: random.Random) -> None:
        self._customer = customer
        self._persona = persona
        self._pace = pace
        self._chance = chance
        self._seen = 0

    async def live(self) -> None:
        """Go through the script, then come back later and go through it again."""
        await self._pause(self._persona.arrives)
        while True:
            await self._round()
            await self._pause(NEXT_ROUND)

    async def _round(self) -> None:
        for turn in self._persona.turns:
            for step in turn:
                await self._act(step)
            await self._answer()

    async def _answer(self) -> None:
        """Wait for the shop's answer, nagging as long as there is something to nag with."""
        for nag in self._persona.nags:
            if await self._hears_something(self._persona.patience):
                break
            await self._act(Say(nag))
        await self._hears_something(float("inf"))
        await self._read_all()

    async def _hears_something(self, seconds: float) -> bool:
        waited = 0.0
        while len(self._customer.received) == self._seen:
            if waited >= seconds:
                return False
            await self._pause(LOOK_EVERY)
            waited += LOOK_EVERY
        return True

    async def _read_all(self) -> None:
        """Read what came, and what still comes while the shop goes on writing."""
        while len(self._customer.received) > self._seen:
            self._seen = len(self._customer.received)
            await self._pause(self._chance.uniform(1.0, 3.0))
            self._customer.read()
            await self._pause(SETTLE)

    async def _act(self, step: Step) -> None:
        customer = self._customer
        match step:
            case React(emoji):
                if customer.received:
                    await self._pause(1.5)
                    customer.react(customer.received[-1].id, emoji)
            case Say(text, quoting):
                await self._type(text)
                if quoting and customer.received:
                    customer.reply(text, customer.received[-1].id)
                else:
                    customer.send_text(text)
            case Correct(text, corrected):
                await self._type(text)
                message_id = customer.send_text(text)
                await self._pause(4.0)
                customer.edit(message_id, corrected)
            case ShowSlip(amount, caption):
                await self._pause(5.0)
                customer.send_image(transfer_slip(customer.name, amount, self._today()), caption, "image/png")
            case Speak(seconds):
                customer.typing(voice=True)
                await self._pause(seconds)
                customer.send_voice(voice_note(seconds), seconds)
            case Place(latitude, longitude, name):
                await self._pause(3.0)
                customer.send_location(latitude, longitude, name)

    async def _type(self, text: str) -> None:
        await self._pause(self._chance.uniform(0.5, 2.0))
        self._customer.typing()
        await self._pause(1.0 + len(text) * TYPING_PER_LETTER)
        self._customer.typing(False)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    def _today(self) -> str:
        now = datetime.datetime.fromtimestamp(self._customer.network.clock(), datetime.UTC)
        return now.strftime("%d/%m/%Y %H:%M")


@dataclass(slots=True)
class Demo:
    """The running demo; `stop` ends it."""

    wa: WhatsAppServer
    customers: list[Customer]
    tasks: list[asyncio.Task[None]]

    def stop(self) -> None:
        """Send everyone home."""
        for task in self.tasks:
            self.wa.loop.call(task.cancel)


def run_demo(
    wa: WhatsAppServer, *, pace: float = 1.0, personas: Sequence[Persona] = PERSONAS, seed: int = 1
) -> Demo:
    """Register the customers and let them write as soon as a client of the shop is connected."""
    customers = [wa.add_customer(persona.name, persona.phone) for persona in personas]
    chance = random.Random(seed)
    actors = [
        DemoCustomer(customer, persona, pace, chance)
        for customer, persona in zip(customers, personas, strict=True)
    ]
    tasks = [wa.loop.call(_begin, wa, actor) for actor in actors]
    return Demo(wa, customers, tasks)


def _begin(wa: WhatsAppServer, actor: DemoCustomer) -> asyncio.Task[None]:
    async def when_connected() -> None:
        while not wa.connected():
            await asyncio.sleep(LOOK_EVERY)
        await actor.live()

    coroutine: Coroutine[Any, Any, None] = when_connected()
    return asyncio.get_running_loop().create_task(coroutine)
