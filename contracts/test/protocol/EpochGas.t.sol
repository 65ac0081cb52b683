// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Closing, Range, ShownPayout} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {EpochId} from "../../src/protocol/Types.sol";
import {EpochFixture} from "./EpochFixture.sol";

/// @notice What an epoch costs, as transactions: 21000, calldata and execution. Inferences are leaves of which nobody shows any.
contract EpochGasTest is EpochFixture {
    event log_named_uint(string key, uint256 value);

    uint128 private constant NET = 0.001 ether;
    /// @dev What each of two contributions earns of an inference.
    uint128 private constant EARNED = 0.0001 ether;

    function setUp() public {
        deployEpochs();
        fillPurse(0, 100 ether);
        vm.prank(alice);
        staking.stake{value: 10 ether}(modelId);
        // The treasury, the host and the contributors have had money before.
        balances.credit{value: 1}(treasury);
        balances.credit{value: 1}(host);
        balances.credit{value: 1}(builder);
        balances.credit{value: 1}(alice);
        balances.credit{value: 1}(bob);
    }

    function test_gas_of_an_epoch_of_1() public {
        vm.assertLt(_story("epoch of 1", 1), 750_000);
    }

    function test_gas_of_an_epoch_of_100() public {
        vm.assertLt(_story("epoch of 100", 100), 7500);
    }

    function test_gas_of_an_epoch_of_10000() public {
        vm.assertLe(_story("epoch of 10000", 10_000), 100);
    }

    /// @dev Closes, settles and draws; prints gas for each inference and returns that of closing and settling.
    function _story(string memory name, uint32 count) private returns (uint256 each) {
        Closing memory closing;
        (closing.modelId, closing.number, closing.count) = (modelId, 1, count);
        (closing.net, closing.largestNet, closing.contents) = (NET * count, NET, keccak256("contents"));
        (closing.rateIn, closing.rateOut) = (RATE_IN, RATE_OUT);
        closing.root = keccak256(abi.encode(count));
        (closing.payoutCount, closing.payoutSum) = (2 * count, 2 * EARNED * count);
        SumNode[][] memory levels = _tree(count);
        closing.payoutRoot = levels[levels.length - 1][0].hash;
        ranges.push(Range(signerOf(0), count, NET * count));
        uint256 bond = bondFor(closing);
        bytes memory call = abi.encodeCall(epochs.close, (closing, ranges, vouchersOf()));
        uint256 closed = _cost(call, bond);
        epochId = EpochId.wrap((uint256(uint160(host)) << 64) | 1);
        vm.warp(block.timestamp + WINDOW + 1);
        uint256 settled = _cost(abi.encodeCall(epochs.settle, (epochId)), 0);
        uint256 drawn = _draw(levels, 0, count - 1) + _draw(levels, count, 2 * count - 1);
        emit log_named_uint(string.concat(name, ": closing, gas"), closed);
        emit log_named_uint(string.concat(name, ": settling, gas"), settled);
        emit log_named_uint(string.concat(name, ": two draws, gas"), drawn);
        each = (closed + settled) / count;
        emit log_named_uint(string.concat(name, ": closing and settling, gas for each inference"), each);
        emit log_named_uint(
            string.concat(name, ": with draws, gas for each inference"), (closed + settled + drawn) / count
        );
    }

    /// @dev First all leaves of alice's contribution, then bob's.
    function _tree(uint32 count) private view returns (SumNode[][] memory) {
        SumNode[] memory leaves = new SumNode[](2 * count);
        for (uint32 i = 0; i < 2 * count; i++) {
            uint64 id = i < count ? 1 : 2;
            uint256 free;
            assembly ("memory-safe") {
                free := mload(0x40)
            }
            bytes32 hash = keccak256(bytes.concat(hex"00", bytes8(id), bytes4(i % count)));
            assembly ("memory-safe") {
                mstore(0x40, free)
            }
            (leaves[i].hash, leaves[i].sum) = (hash, EARNED);
        }
        return levelsOf(leaves, payoutBump);
    }

    function _payout(SumNode[][] memory levels, uint32 at, uint32 count)
        private
        pure
        returns (ShownPayout memory)
    {
        return ShownPayout(at, at < count ? 1 : 2, at % count, EARNED, pathOf(levels, 0, at));
    }

    function _draw(SumNode[][] memory levels, uint32 first, uint32 last) private returns (uint256) {
        uint32 count = last - first + 1;
        ShownPayout memory before;
        if (first > 0) before = _payout(levels, first - 1, count);
        return _cost(
            abi.encodeCall(
                epochs.draw, (epochId, before, _payout(levels, first, count), _payout(levels, last, count))
            ),
            0
        );
    }

    /// @dev Gas of a transaction of the host.
    function _cost(bytes memory call, uint256 value) private returns (uint256 gas) {
        gas = 21_000;
        for (uint256 i = 0; i < call.length; i++) {
            gas += call[i] == 0 ? 4 : 16;
        }
        // As the first call of a transaction finds them.
        address[8] memory touched = [
            address(epochs),
            address(parameters),
            address(models),
            address(hosts),
            address(balances),
            address(staking),
            address(pools),
            address(ledger)
        ];
        for (uint256 i = 0; i < touched.length; i++) {
            vm.cool(touched[i]);
        }
        vm.prank(host);
        (bool ok,) = address(epochs).call{value: value}(call);
        vm.assertTrue(ok, "the call must succeed");
        (, uint64 used,,,) = vm.lastCallGas();
        return gas + used;
    }
}
