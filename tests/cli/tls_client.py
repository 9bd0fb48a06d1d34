"""What curl cannot do to a TLS listener: tls_client.py slow|exec HOST:PORT FOLDER-OF-CREDENTIALS"""
import hashlib
import os
import socket
import ssl
import struct
import sys
import time

host, port = sys.argv[2].split(':')
folder = sys.argv[3]
context = ssl.create_default_context(cafile=folder + '/ca.crt')


def connect():
    return socket.create_connection((host, int(port)))


def slow():
    """A crowd that says nothing, and one whose headers never end. Prints 'there', and how it went."""
    crowd = [connect() for i in range(300)]
    drip = context.wrap_socket(connect(), server_hostname=host)
    begin = time.time()
    drip.send(b'GET /api HTTP/1.1\r\nHost: localhost\r\n')
    print('there', flush=True)
    try:
        while time.time() - begin < 40:
            drip.send(b'X-A: b\r\n')
            time.sleep(0.5)
    except OSError:
        pass
    took = time.time() - begin
    crowd[-1].settimeout(20)
    end = crowd[-1].recv(1)
    print('dropped' if 5 < took < 20 and end == b'' else took)


def frame(payload):
    n = len(payload)
    length = bytes([0x80 | n]) if n < 126 else b'\xfe' + struct.pack('>H', n)
    return b'\x82' + length + b'\0\0\0\0' + payload


def read_frame(f):
    op, n = f.read(2)
    if n == 126:
        n = struct.unpack('>H', f.read(2))[0]
    elif n == 127:
        n = struct.unpack('>Q', f.read(8))[0]
    return op & 15, f.read(n)


def exec_cat():
    """cat in the pod 'shell': whether all that goes in comes out, and its end."""
    context.load_cert_chain(folder + '/client.pem')
    s = context.wrap_socket(connect(), server_hostname=host)
    s.settimeout(50)
    s.send(b'GET /api/v1/namespaces/default/pods/shell/exec?stdin=1&stdout=1&command=cat HTTP/1.1\r\n'
           b'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n'
           b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
           b'Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n')
    f = s.makefile('rb')
    while f.readline().strip():
        pass
    pieces = [bytes([i]) * 20000 for i in range(200)]
    if os.fork() == 0:  # one process writes while the other reads
        for p in pieces:
            s.sendall(frame(b'\0' + p))
        s.sendall(frame(b'\xff\0'))
        os._exit(0)
    got, status = hashlib.sha256(), b''
    while True:
        op, data = read_frame(f)
        if op == 8:
            break
        if data[0] == 1:
            got.update(data[1:])
        elif data[0] == 3:
            status = data[1:]
    print('same' if got.digest() == hashlib.sha256(b''.join(pieces)).digest() else 'different')
    print(status.decode())


{'slow': slow, 'exec': exec_cat}[sys.argv[1]]()
