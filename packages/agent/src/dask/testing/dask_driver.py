"""Runs what tests send as tasks: a line of JSON in, a line out. Each has a client of its own, so that schedulers may come and go."""

import json
import sys
import time

from distributed import Client, Security


def run_source(source, argument):
    """Runs on the worker: ``main`` of the source, with the argument."""
    names = {}
    exec(source, names)
    return names["main"](argument)


class Driver:
    def __init__(self, start):
        self.address = start["address"]
        pem = {"tls_ca_file": start["authority"], "tls_client_cert": start["certificate"], "tls_client_key": start["key"]}
        self.security = Security(require_encryption=True, **pem)
        self.held = None

    def open(self):
        return Client(self.address, security=self.security, timeout=30, set_as_default=False)

    def submit(self, client, order):
        placed = {"resources": order["resources"]} if order.get("resources") else {}
        return client.submit(run_source, order["source"], order.get("argument"), pure=False, **placed)

    def run(self, order):
        with self.open() as client:
            return self.submit(client, order).result(timeout=60)

    def hold(self, order):
        """The result stays on its worker until it is asked for."""
        client = self.open()
        future = self.submit(client, order)
        self.held = (client, future)
        while not future.done():
            time.sleep(0.02)

    def held_value(self, _order):
        client, future = self.held
        value = future.result(timeout=60)
        client.close()
        return value


def main():
    driver = Driver(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        order = json.loads(line)
        try:
            said = {"id": order["id"], "value": getattr(driver, order["type"])(order)}
        except Exception as error:
            said = {"id": order["id"], "error": repr(error)[:2000]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
