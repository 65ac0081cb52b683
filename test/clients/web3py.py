"""web3.py against a node: arguments are the URLs of HTTP and WebSocket. Prints "ok" at the end."""

import asyncio
import sys

from web3 import AsyncWeb3, Web3, WebSocketProvider
from web3.exceptions import ContractLogicError

HTTP, WS = sys.argv[1:3]
KEY = "0x" + "01" * 32
TARGET = Web3.to_checksum_address("0x" + "ee" * 20)
LOGGER = Web3.to_checksum_address("0x" + "1c" * 20)
ANSWERS = Web3.to_checksum_address("0x" + "2a" * 20)
REVERTS = Web3.to_checksum_address("0x" + "1d" * 20)


def signed(w3, account, nonce, to, value=0):
    fields = {
        "chainId": 901,
        "nonce": nonce,
        "to": to,
        "value": value,
        "gas": 60_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**6,
    }
    return account.sign_transaction(fields).raw_transaction


def over_http():
    w3 = Web3(Web3.HTTPProvider(HTTP))
    account = w3.eth.account.from_key(KEY)
    assert w3.is_connected() and w3.eth.chain_id == 901
    logs, blocks, pending = (
        w3.eth.filter({"address": LOGGER}),
        w3.eth.filter("latest"),
        w3.eth.filter("pending"),
    )
    nonce = w3.eth.get_transaction_count(account.address)
    sent = w3.eth.send_raw_transaction(signed(w3, account, nonce, TARGET, 5))
    assert w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.05)["status"] == 1
    w3.eth.send_raw_transaction(signed(w3, account, nonce + 1, LOGGER))
    assert len(logs.get_new_entries()) == 1 and logs.get_new_entries() == []
    assert len(logs.get_all_entries()) >= 1
    assert len(blocks.get_new_entries()) == 2 and len(pending.get_new_entries()) == 2
    assert w3.eth.uninstall_filter(logs.filter_id)
    assert int.from_bytes(w3.eth.call({"to": ANSWERS})) == 42
    override = {TARGET: {"code": "0x60075f5260205ff3"}}
    assert int.from_bytes(w3.eth.call({"to": TARGET}, "latest", override)) == 7
    try:
        w3.eth.call({"to": REVERTS})
        raise AssertionError("no revert")
    except ContractLogicError as error:
        assert "no" in str(error)
    simulated = w3.eth.simulate_v1({"blockStateCalls": [{"calls": [{"to": ANSWERS}]}]}, "latest")
    assert simulated[0]["calls"][0]["status"] == 1
    assert len(w3.eth.fee_history(2, "latest", [50])["gasUsedRatio"]) == 2
    assert w3.eth.get_proof(account.address, [], "latest")["nonce"] == nonce + 2


async def over_websocket():
    async with AsyncWeb3(WebSocketProvider(WS)) as w3:
        account = w3.eth.account.from_key(KEY)
        await w3.eth.subscribe("newHeads")
        await w3.eth.subscribe("logs", {"address": LOGGER})
        nonce = await w3.eth.get_transaction_count(account.address)
        await w3.eth.send_raw_transaction(signed(w3, account, nonce, LOGGER))
        heard = set()
        async for message in w3.socket.process_subscriptions():
            heard.add("log" if "topics" in message["result"] else "head")
            if len(heard) == 2:
                return


over_http()
asyncio.run(asyncio.wait_for(over_websocket(), 30))
print("ok")
