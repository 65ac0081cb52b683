// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {CircleRules} from "../../src/circle/CircleApplications.sol";
import {CircleFund, FundRules} from "../../src/circle/CircleFund.sol";
import {CirclePanels, PanelRules} from "../../src/circle/CirclePanels.sol";
import {CircleReviewers, ReviewerRules} from "../../src/circle/CircleReviewers.sol";
import {Focus, GrantId, PanelId, Tier} from "../../src/circle/CircleTypes.sol";
import {OpenCircle} from "../../src/circle/OpenCircle.sol";
import {IndexBounds} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {IOpenCircle} from "../../src/interfaces/circle/IOpenCircle.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {FeeSplitBounds, Parameters, ProtocolParameters} from "../../src/protocol/ProtocolParameters.sol";
import {RewardBalances} from "../../src/protocol/RewardBalances.sol";
import {Seeds} from "../../src/protocol/Seeds.sol";
import {Test} from "../lib/Test.sol";

/// @notice OpenCircle as a chain has it, with nine reviewers, at one dollar for each OPEN.
abstract contract CircleFixture is Test {
    uint64 internal constant START = 1_700_000_000;
    uint64 internal constant QUARTER = 91 days;
    uint128 internal constant BOND = 1_000 ether;
    uint128 internal constant SILENCE = 100 ether;
    uint128 internal constant DEPOSIT = 500 ether;
    uint128 internal constant FEE = 10 ether;
    uint64 internal constant CONFLICTS = 3 days;
    uint64 internal constant DRAW = 2 days;
    uint64 internal constant COMMIT = 5 days;
    uint64 internal constant REVEAL = 2 days;
    uint64 internal constant GRACE = 30 days;
    uint64 internal constant EXIT = 30 days;
    uint64 internal constant SEED_DELAY = 3;
    uint128 internal constant DOLLAR = 1_000_000;
    uint256 internal constant REVIEWERS = 9;

    RewardBalances internal balances;
    ProtocolParameters internal parameters;
    Seeds internal seeds;
    CircleFund internal fund;
    CircleReviewers internal reviewers;
    CirclePanels internal panels;
    OpenCircle internal circle;
    address internal governance = address(0x60);
    address internal treasury = address(0x7EA5);
    address internal applicant = address(0xA11CE);
    address internal payee = address(0xB0B);
    address[] internal people;

    function _deployCircle() internal {
        vm.warp(START);
        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
        _setOrigin(1_000);
        balances = new RewardBalances();
        parameters = _parameters();
        seeds = new Seeds(SEED_DELAY);
        fund = new CircleFund(
            governance,
            parameters,
            balances,
            _next(3),
            DOLLAR,
            FundRules({quarter: QUARTER, pricePeriod: 7 days, priceAgeMax: 14 days})
        );
        reviewers = new CircleReviewers(
            governance,
            parameters,
            balances,
            _next(1),
            ReviewerRules({bond: BOND, term: 182 days, exitDelay: EXIT})
        );
        panels = new CirclePanels(
            reviewers,
            balances,
            seeds,
            _next(1),
            PanelRules({drawPeriod: DRAW, commitPeriod: COMMIT, revealPeriod: REVEAL, silence: SILENCE})
        );
        circle = new OpenCircle(
            governance,
            fund,
            panels,
            CircleRules({
                deposit: DEPOSIT,
                reviewFee: FEE,
                seats: 5,
                seatsLargest: 7,
                conflictPeriod: CONFLICTS,
                approvalPeriod: 60 days,
                grace: GRACE
            })
        );
        for (uint256 i = 0; i < REVIEWERS; i++) {
            _addReviewer(address(uint160(0x9000 + i)), i);
        }
        vm.warp(START + 1);
    }

    function _addReviewer(address who, uint256 seat) internal {
        people.push(who);
        vm.prank(governance);
        reviewers.admit(who, seat);
        vm.deal(who, BOND);
        vm.prank(who);
        reviewers.join{value: BOND}();
    }

    function _fund(uint256 amount) internal {
        vm.deal(address(this), amount);
        fund.fund{value: amount}();
    }

    function _budget(uint32 quarter, Focus focus, uint64 usd, uint128 cap) internal {
        vm.prank(governance);
        fund.setBudget(quarter, focus, usd, cap);
    }

    /// @dev A fund of 4 million OPEN, a fourth of it for each focus of this quarter.
    function _fundAll() internal {
        _fund(4_000_000 ether);
        for (uint256 i = 0; i < 4; i++) {
            _budget(0, Focus(i), 1_000_000, 1_000_000 ether);
        }
    }

    function _application(Tier tier, Focus focus, uint64 usd)
        internal
        view
        returns (IOpenCircle.Application memory application)
    {
        application.milestones = new IOpenCircle.Milestone[](3);
        application.milestones[0] = IOpenCircle.Milestone(2_000, 30 days, "it runs");
        application.milestones[1] = IOpenCircle.Milestone(3_333, 60 days, "others use it");
        application.milestones[2] = IOpenCircle.Milestone(4_667, 90 days, "it lasts");
        (application.tier, application.focus, application.usd) = (tier, focus, usd);
        (application.payee, application.document) = (payee, "what we build");
    }

    function _submit(Tier tier, Focus focus, uint64 usd) internal returns (GrantId) {
        uint256 value = DEPOSIT + circle.panelPay(tier);
        vm.deal(applicant, value);
        vm.prank(applicant);
        return circle.submit{value: value}(_application(tier, focus, usd));
    }

    /// @dev Calls the panel once conflicts were declared, and draws it.
    function _draw(GrantId grantId) internal returns (PanelId panelId, address[] memory drawn) {
        uint256 from = uint256(circle.getGrant(grantId).askedAt) + CONFLICTS;
        if (block.timestamp < from) vm.warp(from);
        panelId = circle.callPanel(grantId);
        _recordSeed(panels.panelOf(panelId).seedBlock);
        panels.draw(panelId);
        drawn = panels.membersOf(panelId);
    }

    /// @dev The first `count` of the panel vote, all with the same score.
    function _vote(PanelId panelId, address[] memory drawn, uint256 count, uint8 score) internal {
        for (uint256 i = 0; i < count; i++) {
            _commit(panelId, drawn[i], score);
        }
        vm.warp(panels.panelOf(panelId).drawnAt + COMMIT + 1);
        for (uint256 i = 0; i < count; i++) {
            _reveal(panelId, drawn[i], score);
        }
        vm.warp(panels.panelOf(panelId).drawnAt + COMMIT + REVEAL + 1);
    }

    function _commit(PanelId panelId, address who, uint8 score) internal {
        bytes32 hash = panels.commitmentOf(panelId, who, score, "because", "salt");
        vm.prank(who);
        panels.commit(panelId, hash);
    }

    function _reveal(PanelId panelId, address who, uint8 score) internal {
        vm.prank(who);
        panels.reveal(panelId, score, "because", "salt");
    }

    /// @dev A whole panel that says `score`.
    function _judge(GrantId grantId, uint8 score) internal {
        (PanelId panelId, address[] memory drawn) = _draw(grantId);
        _vote(panelId, drawn, drawn.length, score);
        circle.decide(grantId);
    }

    function _confirmPrice() internal {
        if (block.timestamp < fund.pricedAt() + fund.PRICE_PERIOD()) return;
        uint128 same = fund.price();
        vm.prank(governance);
        fund.setPrice(same);
    }

    function _approved(Tier tier, Focus focus, uint64 usd) internal returns (GrantId grantId) {
        grantId = _submit(tier, focus, usd);
        _judge(grantId, 80);
        _confirmPrice();
        if (tier == Tier.Expansion) {
            vm.prank(governance);
            circle.endorse(grantId);
        }
        circle.approve(grantId);
    }

    function _report(GrantId grantId) internal {
        uint256 pay = circle.panelPay(circle.getGrant(grantId).tier);
        vm.deal(payee, pay);
        vm.prank(payee);
        circle.report{value: pay}(grantId, "evidence");
    }

    /// @dev L2's L1 origin is the block of this number; its hash follows from the number.
    function _setOrigin(uint64 number) internal {
        vm.store(Predeploys.L1_BLOCK, 0, bytes32(uint256(number)));
        vm.store(Predeploys.L1_BLOCK, bytes32(uint256(2)), keccak256(abi.encode("L1", number)));
    }

    function _recordSeed(uint64 l1Block) internal {
        _setOrigin(l1Block);
        seeds.record();
    }

    function _next(uint64 steps) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + steps);
    }

    function _parameters() private returns (ProtocolParameters) {
        Parameters memory initial = Parameters({
            treasury: treasury,
            platformBps: 1000,
            auditBps: 100,
            claimBond: 1,
            registrationBond: 1,
            demandDeposit: 1,
            challengeDeposit: 1,
            challengeWindow: 20,
            claimTimeout: 20,
            demandWindow: 20,
            registrationWindow: 20,
            revealPeriod: 20,
            reviewPeriod: 20,
            stakePeriod: 20,
            unstakeDelay: 20,
            rewardPeriod: 20
        });
        return new ProtocolParameters(
            governance,
            20,
            initial,
            FeeSplitBounds({contributorsMin: 3000, ownerMax: 4000, hostMax: 4000, stakersMax: 3000}),
            IndexBounds({floorMax: 1, e0Min: 0, e0Max: 1, dimensionMin: 1, topKMin: 1, rowsMax: 1})
        );
    }
}
