// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IDatanetRegistry} from "../../src/interfaces/protocol/IDatanetRegistry.sol";
import {AttributionLedger} from "../../src/protocol/AttributionLedger.sol";
import {ContributionStakes} from "../../src/protocol/ContributionStakes.sol";
import {Contributions} from "../../src/protocol/Contributions.sol";
import {ContributionVotes} from "../../src/protocol/ContributionVotes.sol";
import {Datanets} from "../../src/protocol/Datanets.sol";
import {ModelRegistry} from "../../src/protocol/ModelRegistry.sol";
import {ProtocolParameters} from "../../src/protocol/ProtocolParameters.sol";
import {RegistryProxy} from "../../src/protocol/RegistryProxy.sol";
import {Reviewers} from "../../src/protocol/Reviewers.sol";
import {UpgradeableRegistry} from "../../src/protocol/UpgradeableRegistry.sol";
import {ContributionId, DatanetId, ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Later code: one more variable, behind all others.
contract LaterDatanetRegistry layout at erc7201("openledger.DatanetRegistry")
    is
    UpgradeableRegistry,
    ContributionVotes
{
    uint256 public added;

    constructor(
        ProtocolParameters parameters,
        AttributionLedger ledger,
        Reviewers reviewers,
        ContributionStakes stakes,
        address plagiarism
    ) Datanets(ledger, reviewers) Contributions(parameters, stakes) ContributionVotes(plagiarism) {}

    function add(uint256 number) external {
        added = number;
    }
}

contract UpgradesTest is ProtocolTest {
    ContributionId[] internal ids;
    DatanetId internal datanetId;

    /// @dev A contribution in every state that one can wait in.
    function setUp() public {
        deployProtocol();
        datanetId = createDatanet();
        ids.push(accepted(datanetId, alice, keccak256("accepted"), 8));
        ids.push(accepted(datanetId, bob, keccak256("retired"), 8));
        vm.prank(bob);
        datanets.retire(ids[1]);
        ids.push(contribute(datanetId, bob, keccak256("voted"), 8));
        commitVote(ids[2], reviewer, true);
        ids.push(contribute(datanetId, alice, keccak256("revealed"), 8));
        ids.push(commitRows(datanetId, bob, keccak256("committed"), 8));
        vm.prank(builder);
        datanets.freeze(datanetId);
    }

    /// @dev All that the registry answers.
    function told() internal view returns (bytes32) {
        bytes memory all = abi.encode(datanets.getDatanet(datanetId), datanets.contributionCount());
        for (uint256 i = 0; i < ids.length; i++) {
            IDatanetRegistry.Contribution memory one = datanets.getContribution(ids[i]);
            all = abi.encode(all, one, datanets.contributionOfRows(datanetId, one.rowsRoot));
        }
        return keccak256(abi.encode(all, datanets.getSnapshot(datanetId, 1), datanets.owner()));
    }

    function upgrade(address registry, address code) internal {
        vm.prank(governor);
        UUPSUpgradeable(registry).upgradeToAndCall(code, "");
    }

    function testFuzz_nobody_but_the_owner_upgrades(address caller) public {
        vm.assume(caller != governor && caller != address(0));
        address code = address(datanetCode(address(this)));
        address[2] memory registries = [address(datanets), address(modelRegistry)];
        for (uint256 i = 0; i < 2; i++) {
            vm.startPrank(caller);
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
            UUPSUpgradeable(registries[i]).upgradeToAndCall(code, "");
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, caller));
            Ownable(registries[i]).transferOwnership(caller);
            vm.expectRevert(Initializable.InvalidInitialization.selector);
            UpgradeableRegistry(registries[i]).initialize(caller);
            vm.stopPrank();
        }
    }

    function test_the_right_moves_to_a_timelock_and_leaves_the_founder() public {
        vm.prank(governor);
        datanets.transferOwnership(watcher);
        address code = address(datanetCode(address(this)));
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, governor));
        datanets.upgradeToAndCall(code, "");
        vm.prank(watcher);
        datanets.upgradeToAndCall(code, "");
        vm.assertEq(datanets.PLAGIARISM(), address(this));
    }

    function test_the_code_alone_is_nobodys() public {
        UpgradeableRegistry code = datanetCode(address(this));
        vm.assertEq(code.owner(), address(code));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        code.initialize(alice);
        vm.prank(address(code));
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        code.upgradeToAndCall(address(code), "");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new RegistryProxy(address(code), address(0));
    }

    function test_what_can_not_be_upgraded_again_is_refused() public {
        vm.prank(governor);
        vm.expectRevert(
            abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(ledger))
        );
        datanets.upgradeToAndCall(address(ledger), "");
    }

    function test_an_upgrade_keeps_all_that_stands_and_everything_goes_on() public {
        bytes32 before = told();
        upgrade(address(datanets), address(datanetCode(watcher)));
        vm.assertEq(datanets.PLAGIARISM(), watcher, "the code is another");
        vm.assertEq(told(), before);
        revealVote(ids[2], reviewer, true);
        vm.warp(block.timestamp + 31);
        datanets.accept(ids[2]);
        vm.assertEq(ledger.payeeOf(ids[2]), bob);
        vm.prank(alice);
        datanets.retire(ids[0]);
        vm.warp(block.timestamp + 500);
        datanets.releaseStake(ids[0]);
        vm.assertEq(balances.balanceOf(alice), STAKE);
    }

    function test_later_code_adds_behind_what_stands() public {
        bytes32 before = told();
        LaterDatanetRegistry code =
            new LaterDatanetRegistry(parameters, ledger, boards, contributorStakes, address(plagiarism));
        upgrade(address(datanets), address(code));
        LaterDatanetRegistry later = LaterDatanetRegistry(address(datanets));
        vm.assertEq(later.added(), 0, "nothing stood there");
        later.add(type(uint256).max);
        vm.assertEq(told(), before, "nothing was written over");
        vm.assertEq(later.added(), type(uint256).max);
    }

    function test_a_model_keeps_its_adapter_over_an_upgrade() public {
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        IndexFixture fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        ModelId modelId = registerPending(snapshot, fixture);
        upgrade(address(modelRegistry), address(new ModelRegistry(parameters, ledger, models)));
        bytes32 adapter = keccak256(abi.encode(fixture.index()));
        vm.assertTrue(modelRegistry.modelOfAdapter("base", adapter) == modelId);
    }

    /// @dev ERC-7201: nothing lies where the code of a proxy, of another namespace or of no namespace would look.
    function test_each_registry_keeps_to_its_namespace() public view {
        address[2] memory registries = [address(datanets), address(modelRegistry)];
        string[2] memory names = ["openledger.DatanetRegistry", "openledger.ModelRegistry"];
        for (uint256 i = 0; i < 2; i++) {
            bytes32 base =
                keccak256(abi.encode(uint256(keccak256(bytes(names[i]))) - 1)) & ~bytes32(uint256(255));
            vm.assertEq(
                vm.load(registries[i], base), bytes32(uint256(uint160(governor))), "the owner is first"
            );
            for (uint256 slot = 0; slot < 64; slot++) {
                vm.assertEq(vm.load(registries[i], bytes32(slot)), bytes32(0));
            }
        }
    }
}
