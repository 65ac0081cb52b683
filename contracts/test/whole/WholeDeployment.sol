// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentAccount} from "../../src/agents/AgentAccount.sol";
import {AgentDeeds} from "../../src/agents/AgentDeeds.sol";
import {AgentRegistry} from "../../src/agents/AgentRegistry.sol";
import {AgentStakes} from "../../src/agents/AgentStakes.sol";
import {AgentId} from "../../src/agents/AgentTypes.sol";
import {AgentVerdicts} from "../../src/agents/AgentVerdicts.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {CircleRules} from "../../src/circle/CircleApplications.sol";
import {CircleFund, FundRules} from "../../src/circle/CircleFund.sol";
import {CirclePanels, PanelRules} from "../../src/circle/CirclePanels.sol";
import {CircleReviewers, ReviewerRules} from "../../src/circle/CircleReviewers.sol";
import {Focus} from "../../src/circle/CircleTypes.sol";
import {OpenCircle} from "../../src/circle/OpenCircle.sol";
import {FeeTreasury} from "../../src/governance/FeeTreasury.sol";
import {StakedOpen} from "../../src/governance/StakedOpen.sol";
import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {RegistryProxy} from "../../src/protocol/RegistryProxy.sol";
import {DatanetId, ModelId} from "../../src/protocol/Types.sol";
import {WholeBridge} from "./WholeBridge.sol";

/// @notice A whole L2 over one protocol: epochs, governance's stakes and treasury, OpenCircle, agents, and the bridge's liquidity. From
/// then on no wei comes from elsewhere.
abstract contract WholeDeployment is WholeBridge {
    uint128 internal constant AGENT_STAKE = 100 ether;
    uint128 internal constant SILENCE = 10 ether;
    uint128 internal constant CIRCLE_BOND = 100 ether;
    uint256 internal constant CIRCLE_REVIEWERS = 7;
    uint16 internal constant AUDIT_BPS = 2_000;

    address internal owner = makeAddr("an agent's owner");
    address internal key = makeAddr("an agent's key");
    address internal applicant = makeAddr("applicant");
    StakedOpen internal staked;
    FeeTreasury internal feeTreasury;
    CircleFund internal circleFund;
    CircleReviewers internal circleReviewers;
    CirclePanels internal circlePanels;
    OpenCircle internal circle;
    AgentStakes internal agentStakes;
    AgentRegistry internal agentRegistry;
    AgentDeeds internal deeds;
    AgentVerdicts internal verdicts;
    SwapPool internal pool;
    AgentId internal agentId;
    AgentAccount internal account;
    DatanetId internal boarded;

    function deployWhole() internal {
        (hasAudits, hasRepeat, auditedLeaves) = (true, true, 2);
        deployEpochs();
        seatVerifiers();
        vm.deal(address(this), 2_500 ether);
        audits.fill{value: 500 ether}();
        epochAudits.fill{value: 500 ether}();
        _deployGovernance();
        _deployCircle();
        _deployAgents();
        address[11] memory named =
            [payer, host, builder, watcher, alice, bob, reviewer, owner, key, applicant, governor];
        for (uint256 i = 0; i < named.length; i++) {
            people.push(named[i]);
            vm.deal(named[i], 10_000 ether);
        }
        for (uint256 i = 0; i < 3; i++) {
            people.push(panel[i]);
        }
        for (uint256 i = 0; i < 2; i++) {
            people.push(signerOf(i));
            vm.deal(signerOf(i), 1_000 ether);
        }
        boarded = _boardOfThree();
        _listContracts();
        openBridge();
    }

    function circleReviewer(uint256 i) internal pure returns (address) {
        return address(uint160(0x9000 + i % CIRCLE_REVIEWERS));
    }

    function _deployGovernance() private {
        address treasuryAt = nextAddress(1);
        staked = new StakedOpen(balances, treasuryAt, 100, 100);
        feeTreasury = new FeeTreasury(governor, balances, staked, 5_000);
        Parameters memory next = defaultParameters();
        (next.treasury, next.auditBps) = (address(feeTreasury), AUDIT_BPS);
        vm.prank(governor);
        parameters.setParameters(next);
    }

    function _deployCircle() private {
        FundRules memory fundRules = FundRules({quarter: 2_000, pricePeriod: 100, priceAgeMax: 1_000});
        circleFund = new CircleFund(governor, parameters, balances, nextAddress(3), 1_000_000_000, fundRules);
        ReviewerRules memory seats = ReviewerRules({bond: CIRCLE_BOND, term: 20_000, exitDelay: 600});
        circleReviewers = new CircleReviewers(governor, parameters, balances, nextAddress(1), seats);
        PanelRules memory votes =
            PanelRules({drawPeriod: 180, commitPeriod: 30, revealPeriod: 30, silence: SILENCE});
        circlePanels = new CirclePanels(circleReviewers, balances, seeds, nextAddress(1), votes);
        circle = new OpenCircle(
            governor,
            circleFund,
            circlePanels,
            CircleRules({
                deposit: 5 ether,
                reviewFee: 1 ether,
                seats: 3,
                seatsLargest: 5,
                conflictPeriod: 10,
                approvalPeriod: 3_000,
                grace: 500
            })
        );
        circleFund.fund{value: 400 ether}();
        for (uint256 i = 0; i < 4; i++) {
            vm.prank(governor);
            circleFund.setBudget(0, Focus(i), 1_000_000, 100 ether);
        }
        for (uint256 i = 0; i < CIRCLE_REVIEWERS; i++) {
            people.push(circleReviewer(i));
            vm.prank(governor);
            circleReviewers.admit(circleReviewer(i), i);
            vm.deal(circleReviewer(i), 2 * CIRCLE_BOND);
            vm.prank(circleReviewer(i));
            circleReviewers.join{value: CIRCLE_BOND}();
        }
    }

    function _deployAgents() private {
        agentStakes = new AgentStakes(balances, nextAddress(2), nextAddress(5), AGENT_STAKE, 12_000);
        address code = address(new AgentRegistry(agentStakes, nextAddress(3)));
        agentRegistry = AgentRegistry(address(new RegistryProxy(code, governor)));
        deeds = new AgentDeeds(agentStakes, market, models, ledger, pools, 1 hours);
        new AgentAccount(agentStakes, deeds, address(market));
        verdicts = new AgentVerdicts(agentStakes, deeds, disputes, PANEL_FEE, 5_000, 1_000);
        pool = new SwapPool{value: 1_000 ether}("Devnet dollar", "DUSD", 1_000_000 ether);
        ModelId[] memory asks = new ModelId[](1);
        asks[0] = modelId;
        vm.deal(owner, AGENT_STAKE);
        vm.prank(owner);
        address made;
        (agentId, made) = agentRegistry.register{value: AGENT_STAKE}("buy when it says buy", asks);
        account = AgentAccount(payable(made));
        vm.deal(made, 500 ether);
    }

    function _boardOfThree() private returns (DatanetId id) {
        address[] memory board = new address[](3);
        (board[0], board[1], board[2]) = (alice, bob, watcher);
        vm.startPrank(builder);
        id = datanets.create("three", "MIT", "", STAKE, board, 2);
        boards.setReviewFee(id, 0.1 ether);
        boards.fundReviews{value: 3 ether}(id);
        vm.stopPrank();
        for (uint256 i = 0; i < 3; i++) {
            bondReviewer(id, board[i]);
        }
    }

    function _listContracts() private {
        contracts.push(address(this));
        contracts.push(address(0));
        address[45] memory all = [
            treasury,
            address(parameters),
            address(balances),
            address(datanets),
            address(ledger),
            address(contributorStakes),
            address(boards),
            address(plagiarism),
            address(losses),
            address(models),
            address(modelRegistry),
            address(modelChallenges),
            address(modelDisputes),
            address(curation),
            address(access),
            address(royalties),
            address(pools),
            address(staking),
            address(hosts),
            address(market),
            address(challenges),
            address(demands),
            address(seeds),
            address(verifiers),
            address(disputes),
            address(audits),
            address(epochs),
            address(epochChallenges),
            address(epochLeaves),
            address(epochDemands),
            address(leafChallenges),
            address(epochAudits),
            address(staked),
            address(feeTreasury),
            address(circleFund),
            address(circleReviewers),
            address(circlePanels),
            address(circle),
            address(agentStakes),
            address(agentRegistry),
            address(deeds),
            address(verdicts),
            address(pool),
            address(account),
            SPLITTER
        ];
        for (uint256 i = 0; i < all.length; i++) {
            contracts.push(all[i]);
        }
    }
}
