"""A ProxyCommand as a user without sfml would write it: stdin and stdout to a WebSocket of websockify's.

``python plain_client.py URL`` with the library ``websockets``; the token is in PLAIN_CLIENT_TOKEN.
"""

from __future__ import annotations

import asyncio
import os
import sys

from websockets.asyncio.client import ClientConnection, connect


async def main(url: str) -> None:
    token = {"Authorization": f'Snowflake Token="{os.environ["PLAIN_CLIENT_TOKEN"]}"'}
    # Without compression, which ssh's bytes do not take; the rest is as the library has it.
    async with connect(url, additional_headers=token, compression=None, max_size=None) as websocket:
        down = asyncio.create_task(_down(websocket))
        await _up(websocket)
        await websocket.close()
        await down


async def _up(websocket: ClientConnection) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while data := await reader.read(1 << 16):
        await websocket.send(data)


async def _down(websocket: ClientConnection) -> None:
    async for message in websocket:
        assert isinstance(message, bytes)
        sys.stdout.buffer.write(message)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
