// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {FeeTreasury} from "../../src/governance/FeeTreasury.sol";
import {GovernanceRelay} from "../../src/governance/GovernanceRelay.sol";
import {L1Timelock} from "../../src/governance/L1Timelock.sol";
import {ParametersTimelock} from "../../src/governance/ParametersTimelock.sol";
import {IPausable, PauseGuardian} from "../../src/governance/PauseGuardian.sol";
import {UpgradeTimelock} from "../../src/governance/UpgradeTimelock.sol";
import {ICrossDomainMessenger} from "../../src/interfaces/ICrossDomainMessenger.sol";
import {IProtocolParameters, Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {ProtocolParameters} from "../../src/protocol/ProtocolParameters.sol";
import {Seeds} from "../../src/protocol/Seeds.sol";
import {Artifacts} from "../lib/Artifacts.sol";
import {GovernanceFixture} from "./GovernanceFixture.sol";

contract GovernorTest is GovernanceFixture {
    address[] internal targets;
    uint256[] internal values;
    bytes[] internal calls;
    bytes32 internal constant WHY = keccak256("why");

    function setUp() public {
        _deployGovernance();
        _stake(alice, QUORUM_LEAST, 0);
        _stake(bob, THRESHOLD, 0);
        _order(address(treasury), abi.encodeCall(FeeTreasury.setStakersBps, (1234)));
        vm.warp(START + 1);
    }

    function _order(address target, bytes memory call) internal {
        (targets, values, calls) = (new address[](0), new uint256[](0), new bytes[](0));
        targets.push(target);
        values.push(0);
        calls.push(call);
    }

    function _propose(address who) internal returns (uint256 id) {
        vm.prank(who);
        return governor.propose(targets, values, calls, "why");
    }

    function _passed() internal returns (uint256 id) {
        id = _propose(bob);
        vm.warp(START + 2 days);
        vm.prank(alice);
        governor.castVote(id, 1);
        vm.warp(governor.proposalDeadline(id) + 1);
    }

    function test_aVoteChangesAParameterAfterTheTimelock() public {
        uint256 id = _passed();
        governor.queue(targets, values, calls, WHY);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        governor.execute(targets, values, calls, WHY);
        vm.warp(governor.proposalEta(id));
        governor.execute(targets, values, calls, WHY);
        vm.assertEq(uint256(treasury.stakersBps()), 1234);
    }

    function test_nobodyElseChangesIt() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        treasury.setStakersBps(1);
    }

    function test_aFewStakersAreNoQuorum() public {
        uint256 id = _propose(bob);
        vm.warp(START + 2 days);
        vm.prank(bob);
        governor.castVote(id, 1);
        vm.warp(governor.proposalDeadline(id) + 1);
        vm.assertTrue(governor.state(id) == IGovernor.ProposalState.Defeated);
        vm.assertEq(governor.quorum(START), QUORUM_LEAST);
    }

    function test_aLateQuorumGivesTheOthersTime() public {
        uint256 id = _propose(bob);
        uint256 end = governor.proposalDeadline(id);
        vm.warp(end - 1);
        vm.prank(alice);
        governor.castVote(id, 1);
        vm.assertEq(governor.proposalDeadline(id), end - 1 + 2 days);
    }

    function test_votesStakedAfterTheProposalDoNotCount() public {
        uint256 id = _propose(bob);
        vm.warp(START + 2 days);
        address late = address(0x1A7E);
        _stake(late, 10 * QUORUM_LEAST, 0);
        vm.prank(late);
        vm.assertEq(governor.castVote(id, 1), 0);
    }

    function test_theGuardianCancelsAndExpires() public {
        uint256 id = _propose(bob);
        vm.prank(guardian);
        governor.cancel(targets, values, calls, WHY);
        vm.assertTrue(governor.state(id) == IGovernor.ProposalState.Canceled);

        vm.warp(START + 730 days);
        vm.assertEq(governor.proposalGuardian(), address(0));
        _order(address(treasury), abi.encodeCall(FeeTreasury.setStakersBps, (99)));
        _propose(bob);
        vm.prank(guardian);
        vm.expectPartialRevert(IGovernor.GovernorUnableToCancel.selector);
        governor.cancel(targets, values, calls, WHY);
    }

    function test_theGuardianCancelsWhatWaits() public {
        _passed();
        governor.queue(targets, values, calls, WHY);
        vm.prank(guardian);
        governor.cancel(targets, values, calls, WHY);
        vm.warp(START + 100 days);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        governor.execute(targets, values, calls, WHY);
    }

    function test_upgradesWaitLongerThanWhatIsOpen() public {
        IProtocolParameters parameters = IProtocolParameters(address(0x9A9A));
        Seeds seeds = Seeds(address(0x5EED));
        vm.mockCall(address(seeds), abi.encodeCall(seeds.SEED_DELAY, ()), abi.encode(uint64(3600)));
        _setWindows(parameters, 1 days, 2 days, 1 hours);
        uint256 longest = 3 days + 9 hours + 3 days;
        vm.expectRevert(abi.encodeWithSelector(UpgradeTimelock.DelayTooShort.selector, longest, longest));
        new UpgradeTimelock(longest, address(timelock), parameters, seeds);

        UpgradeTimelock upgrades = new UpgradeTimelock(10 days, address(timelock), parameters, seeds);
        vm.assertEq(upgrades.getMinDelay(), 10 days);
        _setWindows(parameters, 1 days, 30 days, 1 hours);
        vm.assertEq(upgrades.getMinDelay(), 31 days + 9 hours + 3 days + 1);
        vm.prank(address(timelock));
        vm.expectPartialRevert(TimelockController.TimelockInsufficientDelay.selector);
        upgrades.schedule(address(this), 0, "", 0, 0, 10 days);
    }

    function test_parametersWaitForTheCensored() public {
        ProtocolParameters parameters = ProtocolParameters(address(0x9A9A));
        vm.mockCall(
            address(parameters), abi.encodeCall(parameters.LEAST_WINDOW, ()), abi.encode(uint32(12 hours))
        );
        vm.expectRevert(
            abi.encodeWithSelector(ParametersTimelock.DelayTooShort.selector, 12 hours - 1, 12 hours)
        );
        new ParametersTimelock(12 hours - 1, address(governor), alice, parameters);

        ParametersTimelock own = new ParametersTimelock(3 days, address(governor), alice, parameters);
        vm.assertEq(own.getMinDelay(), 3 days);
        vm.prank(address(own));
        own.updateDelay(0);
        vm.assertEq(own.getMinDelay(), 12 hours);
    }

    /// @notice The founder's last act in the timelock takes its own roles away.
    function test_theFounderHandsOver() public {
        ProtocolParameters parameters = ProtocolParameters(address(0x9A9A));
        vm.mockCall(address(parameters), abi.encodeCall(parameters.LEAST_WINDOW, ()), abi.encode(uint32(8)));
        ParametersTimelock own = new ParametersTimelock(8, address(governor), alice, parameters);
        (bytes32 proposer, bytes32 canceller) = (own.PROPOSER_ROLE(), own.CANCELLER_ROLE());
        _order(address(own), abi.encodeCall(own.revokeRole, (proposer, alice)));
        targets.push(address(own));
        values.push(0);
        calls.push(abi.encodeCall(own.revokeRole, (canceller, alice)));
        vm.prank(alice);
        own.scheduleBatch(targets, values, calls, 0, 0, 8);
        vm.warp(block.timestamp + 8);
        own.executeBatch(targets, values, calls, 0, 0);
        vm.assertFalse(own.hasRole(proposer, alice));
        vm.assertFalse(own.hasRole(canceller, alice));
        vm.assertTrue(own.hasRole(proposer, address(governor)));
        vm.prank(alice);
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        own.schedule(address(own), 0, "", 0, 0, 8);
    }

    function _setWindows(IProtocolParameters at, uint32 timeout, uint32 challenge, uint32 demand) internal {
        Parameters memory p;
        (p.claimTimeout, p.challengeWindow, p.demandWindow) = (timeout, challenge, demand);
        vm.mockCall(address(at), abi.encodeCall(IProtocolParameters.parameters, ()), abi.encode(p));
    }

    function test_onL1OnlyMessagesOfTheTimelockAreScheduled() public {
        ICrossDomainMessenger messenger = ICrossDomainMessenger(address(0x3E55));
        address council = address(0xC0C);
        address relayAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        L1Timelock l1 = new L1Timelock(7 days, relayAt, council);
        GovernanceRelay relay = new GovernanceRelay(messenger, address(timelock), l1);
        FeeTreasury owned = new FeeTreasury(address(l1), balances, staked, 0);
        _order(address(owned), abi.encodeCall(FeeTreasury.setStakersBps, (7)));

        vm.expectRevert(GovernanceRelay.NotGovernance.selector);
        relay.schedule(targets, calls);
        _says(messenger, alice);
        vm.prank(address(messenger));
        vm.expectRevert(GovernanceRelay.NotGovernance.selector);
        relay.schedule(targets, calls);

        _says(messenger, address(timelock));
        vm.startPrank(address(messenger));
        relay.schedule(targets, calls);
        relay.schedule(targets, calls);
        vm.stopPrank();
        // The council cancels one; the other runs after the delay, by anybody.
        bytes32 second = l1.hashOperationBatch(targets, values, calls, 0, bytes32(uint256(2)));
        vm.prank(council);
        l1.cancel(second);
        vm.prank(council);
        vm.expectPartialRevert(bytes4(keccak256("AccessControlUnauthorizedAccount(address,bytes32)")));
        l1.schedule(address(owned), 0, calls[0], 0, 0, 7 days);
        vm.warp(block.timestamp + 7 days);
        l1.executeBatch(targets, values, calls, 0, bytes32(uint256(1)));
        vm.assertEq(uint256(owned.stakersBps()), 7);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        l1.executeBatch(targets, values, calls, 0, bytes32(uint256(2)));
    }

    function _says(ICrossDomainMessenger messenger, address sender) internal {
        vm.mockCall(
            address(messenger),
            abi.encodeCall(ICrossDomainMessenger.xDomainMessageSender, ()),
            abi.encode(sender)
        );
    }

    function test_theCouncilPausesForATimeOnly() public {
        address config = address(0xC0F);
        vm.etch(config, vm.getDeployedCode(Artifacts.stock("SuperchainConfig")));
        PauseGuardian pauses = new PauseGuardian(IPausable(config), bob, address(timelock), 7 days);
        (bool success,) =
            config.call(abi.encodeWithSignature("initialize(address,bool)", address(pauses), false));
        vm.assertTrue(success);
        vm.expectRevert(abi.encodeWithSelector(PauseGuardian.NotCouncil.selector, address(this)));
        pauses.pause();
        vm.prank(bob);
        pauses.pause();
        vm.assertTrue(_isPaused(config));
        vm.prank(bob);
        vm.expectPartialRevert(PauseGuardian.PauseRuns.selector);
        pauses.lift();
        vm.warp(block.timestamp + 7 days);
        pauses.lift();
        vm.assertFalse(_isPaused(config));
        vm.prank(bob);
        vm.expectPartialRevert(PauseGuardian.TooSoon.selector);
        pauses.pause();
        vm.warp(block.timestamp + 7 days);
        vm.prank(bob);
        pauses.pause();
        vm.prank(address(timelock));
        pauses.lift();
        vm.assertFalse(_isPaused(config));
    }

    function _isPaused(address config) internal view returns (bool paused) {
        (, bytes memory answer) = config.staticcall(abi.encodeWithSignature("paused()"));
        return abi.decode(answer, (bool));
    }
}
