// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IDisputes} from "../interfaces/protocol/IDisputes.sol";
import {PanelDraw} from "./PanelDraw.sol";
import {ProtocolParameters} from "./ProtocolParameters.sol";
import {RewardBalances} from "./RewardBalances.sol";
import {Seeds} from "./Seeds.sol";
import {BPS, DisputeId} from "./Types.sol";
import {VerifierPool} from "./VerifierPool.sol";

/// @title Panels of verifiers that say what came out.
contract Disputes is IDisputes {
    uint8 private constant LAST_ROUND = 2;
    uint256 private constant MINORITY_BPS = 500;
    uint256 private constant SILENCE_BPS = 100;
    /// @dev Seconds that L1 takes for a block.
    uint256 private constant L1_BLOCK_TIME = 12;
    uint256 private constant WINDOWS = 14;

    ProtocolParameters public immutable PARAMETERS;
    RewardBalances public immutable BALANCES;
    VerifierPool public immutable POOL;
    Seeds public immutable SEEDS;
    /// @notice Longest window of a dispute: with it three rounds and two appeals end before a verifier can have left.
    uint64 public immutable MAX_WINDOW;

    /// @notice Number of disputes; ids count from 1.
    uint256 public disputeCount;
    /// @notice Wei of pots that nobody has collected.
    uint256 public held;
    mapping(DisputeId disputeId => Dispute) private _disputes;
    mapping(DisputeId disputeId => mapping(uint8 round => Round)) private _rounds;
    mapping(DisputeId disputeId => mapping(uint8 round => mapping(address verifier => Vote))) private _votes;
    mapping(DisputeId disputeId => mapping(uint8 round => mapping(bytes32 result => uint256))) private _tally;

    constructor(ProtocolParameters parameters, RewardBalances balances, VerifierPool pool, Seeds seeds) {
        (PARAMETERS, BALANCES, POOL, SEEDS) = (parameters, balances, pool, seeds);
        // Each round waits for its L1 block and has three windows, and one for a late draw or count; two appeals have one each.
        uint256 draws = 3 * L1_BLOCK_TIME * seeds.SEED_DELAY();
        uint256 least = draws + WINDOWS * parameters.LEAST_WINDOW();
        if (pool.EXIT_DELAY() < least) revert ExitDelayTooShort(pool.EXIT_DELAY(), least);
        MAX_WINDOW = uint64((pool.EXIT_DELAY() - draws) / WINDOWS);
    }

    /// @inheritdoc IDisputes
    function open(bytes32 claimed) external payable returns (DisputeId disputeId) {
        if (msg.value > type(uint128).max) revert PotTooLarge(msg.value);
        disputeId = DisputeId.wrap(++disputeCount);
        Dispute storage dispute = _disputes[disputeId];
        (dispute.opener, dispute.claimed, dispute.pot) = (msg.sender, claimed, uint128(msg.value));
        uint32 window = PARAMETERS.parameters().demandWindow;
        dispute.window = window < MAX_WINDOW ? window : uint32(MAX_WINDOW);
        held += msg.value;
        emit DisputeOpened(disputeId, msg.sender, claimed, msg.value);
        _openRound(disputeId, dispute, 0);
    }

    /// @inheritdoc IDisputes
    function draw(DisputeId disputeId) external {
        Dispute storage dispute = _expect(disputeId, Status.Opened);
        bytes32 seed = SEEDS.hashOf(dispute.seedBlock);
        (address[] memory members, uint256[] memory stakes) = POOL.stakesAt(dispute.stakesAt);
        uint8 number = dispute.round;
        uint256[] memory weights =
            number == LAST_ROUND ? stakes : PanelDraw.seats(stakes, seed, disputeId, seatsOf(number));
        uint256 total = 0;
        for (uint256 i = 0; i < members.length; i++) {
            total += weights[i];
            if (weights[i] > 0) _votes[disputeId][number][members[i]].weight = weights[i];
        }
        (dispute.status, dispute.drawnAt) = (Status.Drawn, uint64(block.timestamp));
        _rounds[disputeId][number].drawn = total;
        emit PanelDrawn(disputeId, number, members, weights);
    }

    /// @inheritdoc IDisputes
    function commit(DisputeId disputeId, bytes32 commitment) external {
        Dispute storage dispute = _expect(disputeId, Status.Drawn);
        _expectTime(dispute.drawnAt, dispute.drawnAt + 2 * uint64(dispute.window));
        Vote storage vote = _seat(disputeId, dispute.round, msg.sender);
        if (commitment == 0) revert CommitmentEmpty();
        if (vote.commitment != 0) revert AlreadyCommitted(msg.sender);
        vote.commitment = commitment;
        emit ResultCommitted(disputeId, dispute.round, msg.sender);
    }

    /// @inheritdoc IDisputes
    function reveal(DisputeId disputeId, bytes32 value, bytes32 digest, bytes32 salt) external {
        Dispute storage dispute = _expect(disputeId, Status.Drawn);
        uint64 from = dispute.drawnAt + 2 * uint64(dispute.window);
        _expectTime(from + 1, from + dispute.window);
        Vote storage vote = _seat(disputeId, dispute.round, msg.sender);
        bytes32 revealed = commitmentOf(disputeId, msg.sender, value, digest, salt);
        if (revealed != vote.commitment) revert RevealMismatch(vote.commitment, revealed);
        if (vote.result != 0) revert AlreadyRevealed(msg.sender);
        vote.result = keccak256(abi.encode(value, digest));
        Round storage round = _rounds[disputeId][dispute.round];
        round.revealed += vote.weight;
        uint256 weight = _tally[disputeId][dispute.round][vote.result] += vote.weight;
        if (weight > round.bestWeight) {
            (round.best, round.bestWeight) = (vote.result, weight);
            (round.bestValue, round.bestDigest) = (value, digest);
        }
        emit ResultRevealed(disputeId, dispute.round, msg.sender, value, digest);
    }

    /// @inheritdoc IDisputes
    function decide(DisputeId disputeId) external {
        Dispute storage dispute = _expect(disputeId, Status.Drawn);
        _expectTime(dispute.drawnAt + 3 * uint64(dispute.window) + 1, type(uint64).max);
        Round storage round = _rounds[disputeId][dispute.round];
        bool isLast = dispute.round == LAST_ROUND;
        bool isDecided = isLast
            ? round.bestWeight * 2 > round.revealed
            : round.bestWeight > 0 && round.bestWeight * 3 >= round.drawn * 2;
        if (!isDecided && !isLast) return _openRound(disputeId, dispute, dispute.round + 1);
        if (isDecided) {
            (dispute.status, dispute.decidedAt) = (Status.Decided, uint64(block.timestamp));
            (dispute.value, dispute.digest) = (round.bestValue, round.bestDigest);
        } else {
            // Nobody earned the pot.
            _end(disputeId, dispute, PARAMETERS.parameters().treasury);
        }
        emit DisputeDecided(disputeId, dispute.status, dispute.value, dispute.digest);
    }

    /// @inheritdoc IDisputes
    function escalate(DisputeId disputeId) external payable {
        Dispute storage dispute = _expect(disputeId, Status.Decided);
        if (msg.sender != dispute.opener) revert NotOpener(msg.sender);
        if (dispute.round == LAST_ROUND) revert DisputeStatus(disputeId, dispute.status);
        _expectTime(dispute.decidedAt, _finalAt(dispute) - 1);
        if (msg.value + dispute.pot > type(uint128).max) revert PotTooLarge(msg.value);
        dispute.pot += uint128(msg.value);
        held += msg.value;
        (dispute.value, dispute.digest) = (0, 0);
        emit DisputeEscalated(disputeId, msg.value);
        _openRound(disputeId, dispute, dispute.round + 1);
    }

    /// @inheritdoc IDisputes
    function abandon(DisputeId disputeId, address to) external {
        Dispute storage dispute = _disputes[disputeId];
        if (msg.sender != dispute.opener) revert NotOpener(msg.sender);
        if (dispute.status != Status.Opened && dispute.status != Status.Drawn) {
            revert DisputeStatus(disputeId, dispute.status);
        }
        _end(disputeId, dispute, to);
        emit DisputeDecided(disputeId, Status.Undecided, 0, 0);
    }

    /// @inheritdoc IDisputes
    function collect(DisputeId disputeId, uint8 number, address verifier) external {
        Dispute storage dispute = _expect(disputeId, Status.Decided);
        if (block.timestamp < _finalAt(dispute)) revert NotFinal(_finalAt(dispute));
        Vote storage vote = _votes[disputeId][number][verifier];
        if (vote.weight == 0 || vote.isCollected) revert NothingToCollect(verifier);
        vote.isCollected = true;
        Round storage last = _rounds[disputeId][dispute.round];
        if (vote.result == last.best) {
            if (number != dispute.round) return;
            uint256 amount = (dispute.pot * vote.weight) / last.bestWeight;
            held -= amount;
            emit VerifierPaid(disputeId, verifier, amount);
            if (amount > 0) {
                BALANCES.creditFor{value: amount}(verifier, "panel", DisputeId.unwrap(disputeId));
            }
            return;
        }
        if (dispute.round != LAST_ROUND) return;
        bool isSilent = vote.result == 0;
        if (isSilent && number != LAST_ROUND) return;
        uint256 stake = POOL.stakeAt(verifier, dispute.stakesAt);
        POOL.slash(verifier, (stake * (isSilent ? SILENCE_BPS : MINORITY_BPS)) / BPS);
    }

    /// @inheritdoc IDisputes
    function commitmentOf(DisputeId disputeId, address verifier, bytes32 value, bytes32 digest, bytes32 salt)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(disputeId, verifier, value, digest, salt));
    }

    /// @inheritdoc IDisputes
    function verdictOf(DisputeId disputeId) external view returns (bool isOver, bool isUpheld) {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.status == Status.Undecided) return (true, true);
        isOver = dispute.status == Status.Decided && block.timestamp >= _finalAt(dispute);
        isUpheld = isOver && dispute.value == dispute.claimed;
    }

    /// @inheritdoc IDisputes
    function getDispute(DisputeId disputeId) external view returns (Dispute memory) {
        return _disputes[disputeId];
    }

    /// @inheritdoc IDisputes
    function roundOf(DisputeId disputeId, uint8 round) external view returns (Round memory) {
        return _rounds[disputeId][round];
    }

    /// @inheritdoc IDisputes
    function voteOf(DisputeId disputeId, uint8 round, address verifier) external view returns (Vote memory) {
        return _votes[disputeId][round][verifier];
    }

    /// @notice Seats that are drawn in a round; a verifier may have several. 0 for the last, which asks all.
    function seatsOf(uint8 round) public pure returns (uint256) {
        return round == 0 ? 7 : round == 1 ? 21 : 0;
    }

    function _finalAt(Dispute storage dispute) private view returns (uint64) {
        return dispute.round == LAST_ROUND ? dispute.decidedAt : dispute.decidedAt + dispute.window + 1;
    }

    function _openRound(DisputeId disputeId, Dispute storage dispute, uint8 round) private {
        (dispute.status, dispute.round) = (Status.Opened, round);
        // Stakes of the block before: nobody adds to them once it knows of the dispute.
        (dispute.seedBlock, dispute.stakesAt) = (SEEDS.next(), uint64(block.timestamp - 1));
        emit RoundOpened(disputeId, round, dispute.seedBlock);
    }

    function _end(DisputeId disputeId, Dispute storage dispute, address to) private {
        uint128 pot = dispute.pot;
        (dispute.status, dispute.pot) = (Status.Undecided, 0);
        held -= pot;
        if (pot > 0) BALANCES.creditFor{value: pot}(to, "panel", DisputeId.unwrap(disputeId));
    }

    function _expect(DisputeId disputeId, Status status) private view returns (Dispute storage dispute) {
        dispute = _disputes[disputeId];
        if (dispute.status != status) revert DisputeStatus(disputeId, dispute.status);
    }

    function _expectTime(uint64 from, uint64 until) private view {
        if (block.timestamp < from || block.timestamp > until) revert NotNow(from, until);
    }

    function _seat(DisputeId disputeId, uint8 round, address verifier)
        private
        view
        returns (Vote storage vote)
    {
        vote = _votes[disputeId][round][verifier];
        if (vote.weight == 0) revert NotOnPanel(verifier);
    }
}
