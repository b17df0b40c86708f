"""What a user would otherwise have written: the plain endpoint with FastAPI and a list of sockets.

Run by uvicorn; compared with hearthd's /ws/{client_id} by tests/bench/run. Nothing is stored.
"""
import json

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
sockets = []


async def tell_everybody(text):
    for socket in list(sockets):
        await socket.send_text(text)


@app.websocket("/ws/{client_id}")
async def talk(socket: WebSocket, client_id: int):
    await socket.accept()
    sockets.append(socket)
    try:
        while True:
            said = json.loads(await socket.receive_text())
            await tell_everybody(f"Client {client_id}: {said['message']}")
    except WebSocketDisconnect:
        sockets.remove(socket)
        await tell_everybody(f"Client {client_id} left the chat")
