"""A radio on the local network: each datagram of its group as a line of hexadecimal digits on standard output, and each
such line of standard input as a datagram: radio.py INTERFACE."""
import socket
import struct
import sys
import threading

GROUP, PORT = "224.0.0.69", 4403
index = socket.if_nametoindex(sys.argv[1])
wish = struct.pack("4s4si", socket.inet_aton(GROUP), b"\0" * 4, index)
radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
radio.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
radio.bind((GROUP, PORT))
radio.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, wish)
radio.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, wish)
radio.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 0)


def listen():
    while True:
        print(radio.recv(2048).hex(), flush=True)


threading.Thread(target=listen, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    radio.sendto(bytes.fromhex(line), (GROUP, PORT))
