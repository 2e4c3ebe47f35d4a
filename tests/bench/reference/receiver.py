"""The webhook receiver most integrations start with: FastAPI, a queue in memory, a worker that empties it.

One process, not durable: what is in the queue when the process ends is lost. Started by `bench webhook`.
"""

import asyncio
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request

queue: asyncio.Queue = asyncio.Queue()
handled = 0


async def work() -> None:
    global handled
    while True:
        event = await queue.get()
        _ = event["payload"]["value"]["content"]
        handled += 1


@asynccontextmanager
async def lifespan(_: FastAPI):
    worker = asyncio.create_task(work())
    yield
    worker.cancel()


app = FastAPI(lifespan=lifespan)


@app.post("/webhook")
async def webhook(request: Request):
    await queue.put(await request.json())
    return {"ok": True}


@app.get("/handled")
async def count():
    return {"handled": handled}
