"""A program for a service's container: it tells what it was sent, over HTTP and WebSocket."""

from __future__ import annotations

import sys

from aiohttp import WSMsgType, web


async def tell(request: web.Request) -> web.Response:
    """Method, target, header fields and body, as JSON; and header fields that the ingress takes away."""
    body = await request.read()
    told = {
        "method": request.method,
        "target": request.path_qs,
        "headers": [[name, value] for name, value in request.headers.items()],
        "body": body.decode("latin-1"),
    }
    fields = {"X-Powered-By": "echo", "Access-Control-Allow-Origin": "*", "X-Own": "kept"}
    return web.json_response(told, headers=fields)


async def script(_: web.Request) -> web.Response:
    return web.Response(body=b"echo\n", content_type="application/x-sh")


async def stream(request: web.Request) -> web.StreamResponse:
    """Words of which nobody knew how many there would be."""
    response = web.StreamResponse()
    await response.prepare(request)
    for word in (b"one ", b"two "):
        await response.write(word)
    return response


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Sends back each message; first of all who the ingress says that it is."""
    socket = web.WebSocketResponse(max_msg_size=0, compress=False)
    await socket.prepare(request)
    await socket.send_str(request.headers.getone("Sf-Context-Current-User"))
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


def main() -> None:
    application = web.Application(client_max_size=1 << 30)
    application.router.add_get("/ws", echo)
    application.router.add_get("/script", script)
    application.router.add_get("/stream", stream)
    application.router.add_route("*", "/{path:.*}", tell)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, shutdown_timeout=1)


if __name__ == "__main__":
    main()
