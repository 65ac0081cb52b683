// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../../src/interfaces/protocol/IDisputes.sol";
import {DisputeId} from "../../src/protocol/Types.sol";
import {WholePeople} from "./WholePeople.sol";

/// @notice Disputes through all their rounds: who says what is random, and each seat is paid or slashed once, to the wei.
abstract contract WholePanels is WholePeople {
    uint8 private constant LAST_ROUND = 2;
    mapping(bytes32 seat => bool) private _isCollected;
    /// @notice Seats of a middle round that lost stake in the end.
    uint256 public lateSlashes;

    /// @dev About nothing in particular. In each round each of the three says what is claimed, something else, or nothing; its opener may
    /// go on where a panel has decided. Then most seats are collected, some of them twice.
    function askPanel(uint256 amount, uint256 seed) external step("askPanel") {
        exact(true);
        amount = bound(amount, 0, 1 ether);
        by(payer, amount);
        DisputeId id = disputes.open{value: amount}("claimed");
        for (uint8 round = 0; round <= LAST_ROUND; round++) {
            uint256 said = seed >> (16 * round);
            bytes32[3] memory values;
            for (uint256 i = 0; i < 3 && seed % 8 != 7; i++) {
                values[i] = _saying(said >> (2 * i + 3));
            }
            drawAndVote(id, values);
            IDisputes.Status status = disputes.getDispute(id).status;
            if (status == IDisputes.Status.Undecided) gains(address(feeTreasury), amount);
            if (round == LAST_ROUND || status == IDisputes.Status.Undecided) break;
            if (status == IDisputes.Status.Opened) continue;
            if (said % 2 == 0) break;
            by(payer, 1 ether);
            disputes.escalate{value: 1 ether}(id);
            amount += 1 ether;
        }
        vm.warp(block.timestamp + WINDOW + 1);
        if (disputes.getDispute(id).status == IDisputes.Status.Decided) _collectSome(id, seed >> 64);
    }

    /// @dev Of any dispute, whoever opened it.
    function collectSeat(uint256 seed, uint256 who) external step("collectSeat") {
        exact(true);
        DisputeId id = DisputeId.wrap(1 + seed % disputes.disputeCount());
        address verifier = who % 4 != 0 ? panel[who % 3] : person(who);
        _collect(id, uint8((seed >> 8) % (uint256(disputes.getDispute(id).round) + 1)), verifier);
    }

    /// @dev Who is drawn and not of the three says nothing.
    function drawAndVote(DisputeId id, bytes32[3] memory values) internal {
        recordSeed(disputes.getDispute(id).seedBlock);
        disputes.draw(id);
        vote(id, values);
    }

    /// @dev The drawn panel of now votes, and what it said is counted.
    function vote(DisputeId id, bytes32[3] memory values) internal {
        uint8 round = disputes.getDispute(id).round;
        for (uint256 i = 0; i < 6; i++) {
            (address who, bytes32 said) = (panel[i % 3], values[i % 3]);
            if (i == 3) vm.warp(block.timestamp + 2 * WINDOW + 1);
            if (said == 0 || disputes.voteOf(id, round, who).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(id, who, said, "digest", "salt");
            vm.prank(who);
            i < 3 ? disputes.commit(id, hash) : disputes.reveal(id, said, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(id);
    }

    /// @dev The three of the panel find `value`; where others who say nothing have too many seats, the next panel does.
    function judged(DisputeId id, bytes32 value) internal {
        while (disputes.getDispute(id).status == IDisputes.Status.Opened) {
            drawAndVote(id, [value, value, value]);
        }
        vm.warp(block.timestamp + WINDOW + 1);
    }

    function _collectSome(DisputeId id, uint256 seed) private {
        uint8 last = disputes.getDispute(id).round;
        for (uint256 i = 0; i < 12; i++) {
            uint8 round = uint8((seed >> (4 * i)) % (uint256(last) + 1));
            _collect(id, round, panel[(seed >> (4 * i + 2)) % 3]);
        }
    }

    /// @dev A seat is collected once, and only of a verdict that is final.
    function _collect(DisputeId id, uint8 number, address who) private {
        IDisputes.Dispute memory dispute = disputes.getDispute(id);
        IDisputes.Vote memory seat = disputes.voteOf(id, number, who);
        uint256 finalAt = dispute.decidedAt + (dispute.round == LAST_ROUND ? 0 : uint256(dispute.window) + 1);
        bytes32 key = keccak256(abi.encode(id, number, who));
        bool isDue = dispute.status == IDisputes.Status.Decided && block.timestamp >= finalAt
            && seat.weight > 0 && !_isCollected[key];
        if (isDue) _nameSeat(dispute, disputes.roundOf(id, dispute.round), seat, number, who);
        try disputes.collect(id, number, who) {
            expect(isDue, "a seat had what is not due to it");
        } catch {
            expect(!isDue, "a seat did not get what is due to it");
        }
        if (isDue) _isCollected[key] = true;
    }

    /// @dev The last panel's majority shares the pot. A minority of any panel, and who was silent in the last one, loses a part of its stake
    /// if all were asked.
    function _nameSeat(
        IDisputes.Dispute memory dispute,
        IDisputes.Round memory last,
        IDisputes.Vote memory seat,
        uint8 number,
        address who
    ) private {
        if (seat.result == last.best) {
            if (number == dispute.round) gains(who, uint256(dispute.pot) * seat.weight / last.bestWeight);
            return;
        }
        bool isSilent = seat.result == 0;
        if (dispute.round != LAST_ROUND || (isSilent && number != LAST_ROUND)) return;
        uint256 lost = verifiers.stakeAt(who, dispute.stakesAt) * (isSilent ? 100 : 500) / 10_000;
        uint256 there = verifiers.stakeAt(who, uint64(block.timestamp)) + verifiers.verifierOf(who).leaving;
        if (lost > there) lost = there;
        loses(who, lost);
        gains(address(feeTreasury), lost);
        if (number < LAST_ROUND) lateSlashes++;
    }

    function _saying(uint256 seed) private pure returns (bytes32) {
        return seed % 4 == 3 ? bytes32(0) : seed % 4 == 2 ? bytes32("another") : bytes32("claimed");
    }
}
