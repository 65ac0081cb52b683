// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochChallenges} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {Closing, IInferenceEpochs, RangeVoucher} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {EpochFixture} from "./EpochFixture.sol";

/// @notice An epoch that is true, ways to make it false, and the calls that show it.
abstract contract EpochLiesTest is EpochFixture {
    bytes32 internal constant SALT = bytes32("a secret");
    bytes internal constant STANDS = abi.encodeWithSelector(IEpochChallenges.EpochStands.selector);

    function setUp() public {
        deployEpochs();
        fillPurse(0, 100 ether);
        fillPurse(1, 100 ether);
        draft(two());
    }

    /// @dev The call refutes the epoch; payers have their fees again, and the bond is divided.
    function _refutes(address judge, bytes memory call) internal {
        uint256 bond = epochs.epochOf(epochId).bond;
        uint256 spent = epochs.purseOf(signerOf(0), host).spent;
        shown(watcher, judge, call);
        vm.assertTrue(statusOf(epochId) == IInferenceEpochs.Status.Refuted, "refuted");
        epochs.returnFees(epochId, ranges);
        vm.assertEq(epochs.purseOf(signerOf(0), host).balance, 100 ether, "fees are back");
        vm.assertEq(epochs.purseOf(signerOf(1), host).balance, 100 ether, "fees are back");
        vm.assertEq(epochs.purseOf(signerOf(0), host).spent, spent, "what was signed is used up");
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceEpochs.EpochStatus.selector, epochId, IInferenceEpochs.Status.Returned
            )
        );
        epochs.returnFees(epochId, ranges);
        vm.roll(block.number + 4);
        epochs.collect(epochId);
        vm.assertEq(balances.balanceOf(watcher), DEPOSIT + bond / 2, "half to who showed it");
        uint256 harmed = (bond - bond / 2) / 2;
        vm.assertEq(pools.held(), harmed, "a quarter to the pools");
        vm.assertEq(balances.balanceOf(treasury), bond - bond / 2 - harmed, "a quarter to the treasury");
        vm.assertEq(epochs.held(), 200 ether);
        vm.assertEq(address(epochs).balance, 200 ether);
    }

    function _refutes(bytes memory call) internal {
        _refutes(address(epochChallenges), call);
    }

    function _sumCall(bool isPayout, uint256 level, uint256 at) internal view returns (bytes memory) {
        SumNode[][] memory levels = isPayout ? payoutLevels() : inferenceLevels();
        SumNode[3] memory nodes =
            [levels[level][at], levels[level - 1][2 * at], levels[level - 1][2 * at + 1]];
        return abi.encodeCall(
            IEpochChallenges.challengeSum,
            (epochId, isPayout, level, at, nodes, pathOf(levels, level, at), SALT)
        );
    }

    function _leafCall(uint32 at, bytes memory query) internal view returns (bytes memory) {
        return abi.encodeCall(IEpochChallenges.challengeLeaf, (epochId, leafAt(at), ranges, query, SALT));
    }

    function _payoutCall(uint256 at, uint32 inference) internal view returns (bytes memory) {
        return
            abi.encodeCall(IEpochChallenges.challengePayout, (epochId, payoutAt(at), leafAt(inference), SALT));
    }

    function _missingCall(uint32 inference, uint64 contributionId, uint32 gap)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(
            IEpochChallenges.challengeMissing,
            (
                epochId,
                leafAt(inference),
                contributionId,
                gap,
                payoutAt(gap == 0 ? dues.length : gap - 1),
                payoutAt(gap),
                SALT
            )
        );
    }

    function _rangeCall(uint256 at) internal view returns (bytes memory) {
        uint256 start = at == 0 ? 0 : ranges[0].count;
        return abi.encodeCall(
            IEpochChallenges.challengeRange,
            (epochId, ranges, at, nodeAt(false, start), nodeAt(false, start + ranges[at].count - 1), SALT)
        );
    }

    function _totalCall() internal view returns (bytes memory) {
        return abi.encodeCall(IEpochChallenges.challengeTotal, (epochId, nodeAt(true, dues.length - 1), SALT));
    }

    function _orderCall(uint256 at) internal view returns (bytes memory) {
        return
            abi.encodeCall(IEpochChallenges.challengeOrder, (epochId, payoutAt(at), payoutAt(at + 1), SALT));
    }

    function _closeWithLargest(uint128 largest) internal {
        Closing memory closing = closingOf();
        closing.largestNet = largest;
        RangeVoucher[] memory vouchers = vouchersOf();
        uint256 bond = bondFor(closing);
        vm.prank(host);
        epochs.close{value: bond}(closing, ranges, vouchers);
    }
}
