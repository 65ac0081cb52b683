// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochChallenges} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {Closing, IInferenceEpochs, RangeVoucher} from "../../src/interfaces/protocol/IInferenceEpochs.sol";
import {SumNode} from "../../src/protocol/SumTrees.sol";
import {EpochId} from "../../src/protocol/Types.sol";
import {EpochFixture} from "./EpochFixture.sol";

/// @notice Payers that fill and take back, a host that closes true and false epochs, and a watcher that sees each lie. One epoch at a
/// time is open or to be drawn from.
contract EpochActor is EpochFixture {
    enum Lie {
        None,
        Sum,
        Amount,
        Missing,
        Payer,
        Fee
    }

    string public broken;
    uint256 public filled;
    /// @notice Wei of payers' fees that settled epochs took.
    uint256 public paid;
    Lie private _lie;
    uint256 private _salt;

    constructor() {
        deployEpochs();
        vm.warp(block.timestamp + 10);
    }

    function fill(uint256 seed) external {
        uint256 amount = bound(seed, 1, 40 ether);
        fillPurse(seed % 2, amount);
        filled += amount;
    }

    function close(uint256 seed) external {
        if (statusOf(epochId) == IInferenceEpochs.Status.Closed) return;
        if (statusOf(epochId) == IInferenceEpochs.Status.Refuted) return;
        if (epochs.refutationOf(epochId).reward > 0) return;
        uint32[] memory counts = new uint32[](2);
        (counts[0], counts[1]) = (uint32(bound(seed, 1, 3)), uint32(bound(seed >> 32, 1, 3)));
        draft(counts);
        _lie = Lie((seed >> 64) % 6);
        _change();
        for (uint256 who = 0; who < 2; who++) {
            if (epochs.purseOf(signerOf(who), host).balance < feeOf(ranges[who].net)) {
                // Nothing was closed: the next one tries the same number.
                delete ranges;
                epochId = EpochId.wrap(0);
                return;
            }
        }
        if (seed % 5 == 0) _forge();
        closeEpoch();
    }

    /// @dev The host writes a larger sum than a payer signed, or takes more than that.
    function _forge() private {
        Closing memory closing = closingOf();
        RangeVoucher[] memory vouchers = vouchersOf();
        uint256 bond = bondFor(closing);
        vouchers[0].cumulative += 1;
        vm.prank(host);
        try epochs.close{value: bond}(closing, ranges, vouchers) {
            broken = "a forged voucher was used";
        } catch {}
        vouchers = vouchersOf();
        (ranges[0].net, ranges[1].net) = (ranges[0].net + 1, ranges[1].net - 1);
        vm.prank(host);
        try epochs.close{value: bond}(closing, ranges, vouchers) {
            broken = "more was taken than signed";
        } catch {}
        (ranges[0].net, ranges[1].net) = (ranges[0].net - 1, ranges[1].net + 1);
    }

    function challenge() external {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        if (_lie == Lie.None || block.timestamp > epochs.epochOf(epochId).deadline) return;
        bytes memory call = _counterExample();
        (bool ok,) = announced(watcher, address(epochChallenges), call);
        _expect(ok, "a lie was not refuted");
    }

    /// @dev What is true, or is no longer open, is not refuted.
    function challengeInVain() external {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        if (_lie == Lie.Sum) return;
        bytes memory call = _sumCall();
        (bool ok,) = announced(watcher, address(epochChallenges), call);
        _expect(!ok, "a true sum was refuted");
    }

    function settle() external {
        if (statusOf(epochId) != IInferenceEpochs.Status.Closed) return;
        uint256 fees = epochs.epochOf(epochId).fees;
        bool isOver = block.timestamp > epochs.epochOf(epochId).deadline;
        try epochs.settle(epochId) {
            _expect(isOver, "settled too early");
            paid += fees;
        } catch {
            _expect(!isOver, "a closed epoch can't be settled");
        }
    }

    function draw(uint256 seed) external {
        if (statusOf(epochId) != IInferenceEpochs.Status.Settled || dues.length == 0) return;
        // Where a lie stood, its payouts may stand in no tree that adds up.
        if (_lie != Lie.None) return;
        uint64 id = dues[seed % dues.length].contributionId;
        bool isDrawn = epochs.drawnTo(epochId, id) > 0;
        uint256 due = 0;
        for (uint256 i = 0; i < dues.length; i++) {
            if (dues[i].contributionId == id) due += dues[i].amount;
        }
        if (isDrawn) return;
        _expect(drawAll(id) == due, "another sum was drawn");
    }

    function returnFees() external {
        bool isRefuted = statusOf(epochId) == IInferenceEpochs.Status.Refuted;
        try epochs.returnFees(epochId, ranges) {
            _expect(isRefuted, "fees came back twice, or of a true epoch");
        } catch {
            _expect(!isRefuted, "fees don't come back");
        }
    }

    function collect() external {
        vm.roll(block.number + 4);
        try epochs.collect(epochId) {} catch {}
    }

    function takeBack(uint256 seed) external {
        uint256 who = seed % 2;
        uint128 amount = uint128(bound(seed, 0, epochs.purseOf(signerOf(who), host).balance));
        vm.prank(signerOf(who));
        epochs.startWithdraw(host, amount);
    }

    function withdraw(uint256 seed) external {
        epochs.withdraw(signerOf(seed % 2), host);
    }

    function wait_(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, 40 minutes));
    }

    function waitLittle(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, WINDOW));
    }

    /// @notice Empty, or what does not hold.
    function wrong() external view returns (string memory) {
        if (bytes(broken).length > 0) return broken;
        if (address(epochs).balance != epochs.held()) return "held";
        uint256 has = 0;
        for (uint256 who = 0; who < 2; who++) {
            has += balances.balanceOf(signerOf(who)) + epochs.purseOf(signerOf(who), host).balance;
        }
        IInferenceEpochs.Epoch memory epoch = epochs.epochOf(epochId);
        bool isOpen =
            epoch.status == IInferenceEpochs.Status.Closed || epoch.status == IInferenceEpochs.Status.Refuted;
        if (has + paid + (isOpen ? epoch.fees : 0) != filled) return "a payer's wei was lost or made";
        return "";
    }

    function _change() private {
        if (_lie == Lie.Sum) {
            payoutBump = Bump(1, 0, 1);
        } else if (_lie == Lie.Amount) {
            dues[1].amount -= 1;
        } else if (_lie == Lie.Missing) {
            dues.pop();
        } else if (_lie == Lie.Payer) {
            drafts[0].payer = watcher;
        } else if (_lie == Lie.Fee) {
            drafts[0].net += 1;
            owe();
            measure();
        }
    }

    function _counterExample() private returns (bytes memory) {
        bytes32 salt = keccak256(abi.encode(++_salt));
        if (_lie == Lie.Sum) return _sumCall();
        if (_lie == Lie.Amount) {
            return abi.encodeCall(
                IEpochChallenges.challengePayout, (epochId, payoutAt(1), leafAt(dues[1].inference), salt)
            );
        }
        if (_lie == Lie.Missing) {
            uint32 gap = uint32(dues.length);
            uint32 last = uint32(drafts.length - 1);
            uint64[] memory ids = fixture.trueList().contributionIds;
            uint64 id = ids[0] > ids[1] ? ids[0] : ids[1];
            return abi.encodeCall(
                IEpochChallenges.challengeMissing,
                (epochId, leafAt(last), id, gap, payoutAt(gap - 1), payoutAt(gap), salt)
            );
        }
        return abi.encodeCall(IEpochChallenges.challengeLeaf, (epochId, leafAt(0), ranges, "", salt));
    }

    function _sumCall() private returns (bytes memory) {
        SumNode[][] memory levels = payoutLevels();
        SumNode[3] memory nodes = [levels[1][0], levels[0][0], levels[0][1]];
        return abi.encodeCall(
            IEpochChallenges.challengeSum,
            (epochId, true, 1, 0, nodes, pathOf(levels, 1, 0), keccak256(abi.encode(++_salt)))
        );
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition) broken = otherwise;
    }
}
