// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICirclePanels} from "../interfaces/circle/ICirclePanels.sol";
import {RewardBalances} from "../protocol/RewardBalances.sol";
import {Seeds} from "../protocol/Seeds.sol";
import {CircleDraw} from "./CircleDraw.sol";
import {CircleReviewers} from "./CircleReviewers.sol";
import {GrantId, PanelId} from "./CircleTypes.sol";
import {CircleVotes} from "./CircleVotes.sol";

/// @notice Seconds, and wei that a silent reviewer loses.
struct PanelRules {
    uint64 drawPeriod;
    uint64 commitPeriod;
    uint64 revealPeriod;
    uint128 silence;
}

/// @title CirclePanels
/// @notice See ICirclePanels.
contract CirclePanels is CircleVotes {
    /// @dev Seconds that L1 takes for a block.
    uint256 private constant L1_BLOCK_TIME = 12;

    CircleReviewers public immutable REVIEWERS;
    RewardBalances public immutable BALANCES;
    Seeds public immutable SEEDS;
    /// @notice Opens and closes.
    address public immutable CIRCLE;
    uint64 public immutable DRAW_PERIOD;
    /// @notice Wei of its bond that a reviewer loses for silence.
    uint128 public immutable SILENCE;

    /// @inheritdoc ICirclePanels
    uint256 public panelCount;
    /// @inheritdoc ICirclePanels
    uint256 public held;
    mapping(PanelId panelId => address[]) private _members;

    constructor(
        CircleReviewers reviewers,
        RewardBalances balances,
        Seeds seeds,
        address circle,
        PanelRules memory rules
    ) CircleVotes(rules.commitPeriod, rules.revealPeriod) {
        uint256 wait = L1_BLOCK_TIME * seeds.SEED_DELAY();
        if (rules.drawPeriod <= wait) revert PanelDrawPeriod(rules.drawPeriod, wait);
        (REVIEWERS, BALANCES, SEEDS, CIRCLE) = (reviewers, balances, seeds, circle);
        (DRAW_PERIOD, SILENCE) = (rules.drawPeriod, rules.silence);
        // Who leaves once it is drawn can still be slashed, for as long again as the panel took.
        uint256 least = 2 * (uint256(rules.drawPeriod) + rules.commitPeriod + rules.revealPeriod);
        if (reviewers.EXIT_DELAY() < least) revert PanelExitDelay(reviewers.EXIT_DELAY(), least);
    }

    modifier onlyCircle() {
        if (msg.sender != CIRCLE) revert NotCircle(msg.sender);
        _;
    }

    /// @inheritdoc ICirclePanels
    function open(GrantId grantId, uint8 seats, address applicant, address payee)
        external
        payable
        onlyCircle
        returns (PanelId)
    {
        held += msg.value;
        return _open(grantId, seats, applicant, payee, SafeCast.toUint128(msg.value));
    }

    /// @inheritdoc ICirclePanels
    function reopen(PanelId panelId, address applicant, address payee)
        external
        onlyCircle
        returns (PanelId next)
    {
        Panel storage panel = _expect(panelId, Status.Undecided);
        uint128 pot = panel.pot;
        (panel.status, panel.pot) = (Status.Replaced, 0);
        return _open(panel.grantId, panel.seats, applicant, payee, pot);
    }

    /// @inheritdoc ICirclePanels
    function abandon(PanelId panelId, address asker) external onlyCircle {
        Panel storage panel = _expect(panelId, Status.Undecided);
        panel.status = Status.Replaced;
        _returnPot(panelId, panel, asker);
    }

    /// @inheritdoc ICirclePanels
    function draw(PanelId panelId) external {
        Panel storage panel = _expect(panelId, Status.Opened);
        _expectTime(panel.openedAt, uint256(panel.openedAt) + DRAW_PERIOD);
        bytes32 seed = SEEDS.hashOf(panel.seedBlock);
        uint256[] memory seats = CircleDraw.seats(panel.eligible, seed, panelId, panel.seats);
        address[] memory all = REVIEWERS.members();
        address[] memory drawn = new address[](seats.length);
        for (uint256 i = 0; i < seats.length; i++) {
            drawn[i] = all[seats[i]];
            _votes[panelId][drawn[i]].isSeated = true;
        }
        _members[panelId] = drawn;
        (panel.status, panel.drawnAt) = (Status.Drawn, uint64(block.timestamp));
        emit CirclePanelDrawn(panelId, panel.grantId, drawn);
    }

    /// @inheritdoc ICirclePanels
    function close(PanelId panelId, address asker) external onlyCircle returns (Status status) {
        Panel storage panel = _panels[panelId];
        bool isDrawn = panel.status == Status.Drawn;
        if (!isDrawn && panel.status != Status.Opened) revert PanelStatus(panelId, panel.status);
        uint256 until =
            isDrawn ? uint256(panel.drawnAt) + COMMIT_PERIOD + REVEAL_PERIOD : panel.openedAt + DRAW_PERIOD;
        _expectTime(until + 1, type(uint256).max);
        status = _verdict(panel);
        panel.status = status;
        _reward(panelId, panel);
        if (status != Status.Undecided) _returnPot(panelId, panel, asker);
        emit CirclePanelClosed(panelId, panel.grantId, status, panel.revealed, panel.passed, panel.scoreSum);
    }

    /// @inheritdoc ICirclePanels
    function panelOf(PanelId panelId) external view returns (Panel memory) {
        return _panels[panelId];
    }

    /// @inheritdoc ICirclePanels
    function isUndecided(PanelId panelId) external view returns (bool) {
        return _panels[panelId].status == Status.Undecided;
    }

    /// @inheritdoc ICirclePanels
    function membersOf(PanelId panelId) external view returns (address[] memory) {
        return _members[panelId];
    }

    function _open(GrantId grantId, uint8 seats, address applicant, address payee, uint128 pot)
        private
        returns (PanelId panelId)
    {
        panelId = PanelId.wrap(++panelCount);
        Panel storage panel = _panels[panelId];
        uint256 eligible = REVIEWERS.eligible(grantId, applicant, payee);
        uint256 count = CircleDraw.count(eligible);
        if (count < seats) revert PanelTooSmall(count, seats);
        (panel.grantId, panel.status, panel.seats) = (grantId, Status.Opened, seats);
        (panel.openedAt, panel.seedBlock) = (uint64(block.timestamp), SEEDS.next());
        (panel.pot, panel.eligible) = (pot, eligible);
        emit CirclePanelOpened(panelId, grantId, seats, panel.seedBlock);
    }

    function _verdict(Panel storage panel) private view returns (Status) {
        if (uint256(panel.revealed) * 2 <= panel.seats) return Status.Undecided;
        if (uint256(panel.zeros) * 2 > panel.revealed) return Status.Spam;
        return uint256(panel.passed) * 2 > panel.revealed ? Status.Passed : Status.Failed;
    }

    /// @dev An equal part of the pot for each seat: the silent ones' parts stay in it.
    function _reward(PanelId panelId, Panel storage panel) private {
        address[] storage drawn = _members[panelId];
        uint128 fee = panel.pot / panel.seats;
        for (uint256 i = 0; i < drawn.length; i++) {
            Vote storage vote = _votes[panelId][drawn[i]];
            if (vote.isRevealed) {
                panel.pot -= fee;
                held -= fee;
                if (fee > 0) {
                    BALANCES.creditFor{value: fee}(drawn[i], "circle panel", PanelId.unwrap(panelId));
                }
            } else if (vote.isSeated) {
                REVIEWERS.slash(drawn[i], SILENCE);
            }
        }
    }

    function _returnPot(PanelId panelId, Panel storage panel, address to) private {
        uint128 rest = panel.pot;
        if (rest == 0) return;
        panel.pot = 0;
        held -= rest;
        BALANCES.creditFor{value: rest}(to, "circle panel", PanelId.unwrap(panelId));
    }
}
