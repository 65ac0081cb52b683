// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {AccessTerms} from "../../src/interfaces/protocol/IDataAccess.sol";
import {IAttributionLedger} from "../../src/interfaces/protocol/IAttributionLedger.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {RowProof} from "../../src/protocol/RowProofs.sol";
import {ModelDocument, ModelTerms} from "../../src/protocol/ModelLedger.sol";
import {
    ContributionId,
    DatanetId,
    FeeSplit,
    ModelId,
    Parent,
    RequestId,
    SnapshotRef
} from "../../src/protocol/Types.sol";
import {EvilRegistry} from "./EvilRegistry.sol";
import {FamilyTest} from "./FamilyTest.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";

/// @notice Both registries are upgraded to code that does whatever it likes. Contracts that hold money know them as the registries still.
contract EvilUpgradesTest is FamilyTest {
    address internal thief = makeAddr("thief");
    SnapshotRef internal data;
    ContributionId internal ofAlice;
    ContributionId internal ofBob;
    Claim internal answer;
    EvilRegistry internal datanetsNow;
    EvilRegistry internal modelsNow;

    /// @dev Everything that pays has something to pay: an answer of a model with ancestors, pools, royalties, curators, bonds.
    function setUp() public {
        deployFamily();
        data = models.snapshotsOf(child)[0];
        ContributionId[] memory all = ledger.acceptedContributions(data.datanetId, 0, 2);
        (ofAlice, ofBob) = (all[0], all[1]);
        settle(answered());
        answer = answerOf(child, childFixture);
        curation.countVote(ofAlice, reviewer);
        AccessTerms memory terms;
        (terms.perSnapshot, terms.curationBps) = (3 ether + 7, 1_000);
        vm.prank(builder);
        access.setAccess(data.datanetId, terms, "");
        vm.prank(watcher);
        access.buy{value: 3 ether + 7}(data.datanetId, data.number, terms);
        vm.deal(thief, 0);
    }

    function upgradeBoth() internal {
        EvilRegistry code = new EvilRegistry();
        vm.startPrank(governor);
        datanets.upgradeToAndCall(address(code), "");
        UUPSUpgradeable(address(modelRegistry)).upgradeToAndCall(address(code), "");
        vm.stopPrank();
        datanetsNow = EvilRegistry(payable(address(datanets)));
        modelsNow = EvilRegistry(payable(address(modelRegistry)));
        vm.deal(address(datanetsNow), 1_000 ether);
        vm.deal(address(modelsNow), 1_000 ether);
    }

    /// @dev Settles, draws and distributes all there is.
    function payAll() internal {
        settle(answer);
        royalties.distribute(child);
        royalties.distribute(parent);
        royalties.distribute(grand);
        pools.claim(data.datanetId, data.number, ofAlice);
        pools.claim(data.datanetId, data.number, ofBob);
        pools.claim(grandData.datanetId, grandData.number, ContributionId.wrap(grandRows[0].contributionId));
        curation.draw(data.datanetId, reviewer);
        models.returnBond(child);
    }

    /// @dev What everybody has, and what waits for them.
    function wealth() internal view returns (uint256[] memory has) {
        address[15] memory all = [
            alice,
            bob,
            builder,
            grandOwner,
            parentOwner,
            host,
            payer,
            watcher,
            reviewer,
            treasury,
            address(pools),
            address(staking),
            address(royalties),
            address(curation),
            address(models)
        ];
        has = new uint256[](2 * all.length);
        for (uint256 i = 0; i < all.length; i++) {
            (has[2 * i], has[2 * i + 1]) = (all[i].balance, balances.balanceOf(all[i]));
        }
    }

    function refusedTo(EvilRegistry registry, address to, bytes memory call) internal {
        (bool ok,) = registry.run(to, 0, call);
        vm.assertFalse(ok, "a registry must not be able to do this");
    }

    function done(EvilRegistry registry, address to, uint256 value, bytes memory call) internal {
        (bool ok, bytes memory why) = registry.run(to, value, call);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(why, 0x20), mload(why))
        }
    }

    /// @dev What stands in the ledger is written for a second time, by every way there is.
    function rewriteTheLedger() internal {
        address at = address(ledger);
        IAttributionLedger.Entry memory entry = ledger.entryOf(ofAlice);
        bytes memory again = abi.encodeCall(
            ledger.accept,
            (ofAlice, data.datanetId, thief, bytes32("content"), entry.rowsRoot, entry.rowCount)
        );
        refusedTo(datanetsNow, at, again);
        refusedTo(datanetsNow, at, abi.encodeCall(ledger.transferIncome, (ofAlice, thief)));
        refusedTo(modelsNow, at, abi.encodeCall(ledger.skip, (ofAlice)));
        // A thief's rows come into the next snapshot, and others' are left out there; those that are frozen stay.
        bytes memory own = abi.encodeCall(
            ledger.accept,
            (ContributionId.wrap(1 << 40), data.datanetId, thief, bytes32(0), bytes32("rows"), 60_000)
        );
        done(datanetsNow, at, 0, own);
        done(datanetsNow, at, 0, abi.encodeCall(ledger.skip, (ofAlice)));
        refusedTo(datanetsNow, at, abi.encodeCall(ledger.skip, (ofAlice)));
        done(datanetsNow, at, 0, abi.encodeCall(ledger.freeze, (data.datanetId)));
        vm.assertFalse(ledger.isSkipped(ofAlice, data.number));
    }

    /// @dev Every call that only a registry may make, and those that it never could, for an existing model.
    function rewriteModels() internal {
        address at = address(models);
        refusedTo(modelsNow, at, abi.encodeCall(models.setRates, (child, 0, 0)));
        refusedTo(modelsNow, at, abi.encodeCall(models.setOpen, (child, false)));
        refusedTo(modelsNow, at, abi.encodeCall(models.fail, (child, thief, "mine")));
        refusedTo(modelsNow, at, abi.encodeCall(models.retract, (child, "mine")));
        refusedTo(modelsNow, at, abi.encodeCall(models.extendPending, (child, type(uint64).max)));
        refusedTo(modelsNow, at, abi.encodeCall(models.beginDispute, (child)));
        uint16[] memory parts = new uint16[](1);
        SnapshotRef[] memory snapshots = models.snapshotsOf(child);
        bytes memory adopt = abi.encodeCall(royalties.adopt, (child, one(grand, 5_000), snapshots, parts));
        refusedTo(modelsNow, address(royalties), adopt);
        refusedTo(modelsNow, address(royalties), abi.encodeCall(royalties.setLeastRoyalty, (child, 1)));
        refusedTo(modelsNow, address(access), abi.encodeCall(access.admit, (thief, snapshots)));
        refusedTo(
            datanetsNow, address(access), abi.encodeCall(access.setAccess, (data.datanetId, freeTerms(), ""))
        );
        // Splits outside governance's bounds, and models without a bond.
        ModelDocument memory document = models.getModel(child).document;
        ModelTerms memory greedy = ModelTerms(1, 1, FeeSplit(0, 10_000, 0, 0));
        bytes memory admit = abi.encodeCall(models.admit, (thief, document, greedy, new Parent[](0), 10_000));
        (bool ok,) = modelsNow.run(at, REGISTRATION_BOND, admit);
        vm.assertFalse(ok);
        admit = abi.encodeCall(models.admit, (thief, document, defaultTerms(), new Parent[](0), 10_000));
        refusedTo(modelsNow, at, admit);
    }

    function freeTerms() internal pure returns (AccessTerms memory) {}

    /// @dev The thief's own model over the same rows takes no row off their pool before everybody could refute it.
    function markOthersRows() internal {
        ModelDocument memory document = models.getModel(child).document;
        uint256 fee = access.feeOf(thief, document.snapshots);
        bytes memory admit =
            abi.encodeCall(models.admit, (thief, document, defaultTerms(), new Parent[](0), 10_000));
        done(modelsNow, address(models), REGISTRATION_BOND + fee, admit);
        ModelId own = ModelId.wrap(models.modelCount());
        vm.assertTrue(models.isPending(own));
        (, bool serves,) = models.termsOf(own);
        vm.assertFalse(serves);
    }

    function drawFromHolders() internal {
        refusedTo(datanetsNow, address(balances), abi.encodeCall(balances.withdraw, (payable(thief))));
        refusedTo(datanetsNow, address(losses), abi.encodeCall(losses.hold, (ofAlice, alice, thief, "mine")));
        refusedTo(
            datanetsNow,
            address(contributorStakes),
            abi.encodeCall(contributorStakes.loseTo, (ofAlice, thief))
        );
        refusedTo(
            modelsNow, address(contributorStakes), abi.encodeCall(contributorStakes.giveBack, (ofAlice))
        );
        refusedTo(datanetsNow, address(staking), abi.encodeCall(staking.slash, (child, RequestId.wrap(1), 1)));
        refusedTo(datanetsNow, address(hosts), abi.encodeCall(hosts.charge, (host, 1)));
        address[] memory seats = new address[](1);
        seats[0] = thief;
        address at = address(boards);
        refusedTo(datanetsNow, at, abi.encodeCall(boards.seat, (data.datanetId, 0, seats, 1)));
        refusedTo(datanetsNow, at, abi.encodeCall(boards.bindVote, (data.datanetId, thief, 1)));
        refusedTo(datanetsNow, at, abi.encodeCall(boards.openVote, (data.datanetId, ofAlice, thief)));
        refusedTo(datanetsNow, at, abi.encodeCall(boards.setReviewFee, (data.datanetId, 1 ether)));
        vm.assertTrue(boards.openedIn(ofBob, reviewer) == data.datanetId);
    }

    function test_an_upgraded_registry_redirects_no_payment() public {
        uint256 start = vm.snapshotState();
        payAll();
        uint256[] memory honest = wealth();
        vm.assertTrue(vm.revertToState(start));
        vm.assertTrue(
            keccak256(abi.encode(wealth())) != keccak256(abi.encode(honest)), "there is much to pay"
        );
        upgradeBoth();
        rewriteTheLedger();
        rewriteModels();
        drawFromHolders();
        payAll();
        vm.assertEq(wealth(), honest);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }

    /// @dev The price of access to the thief's own model goes to those whose rows it is over.
    function test_a_model_that_only_an_evil_registry_would_admit_waits_and_pays_for_its_data() public {
        upgradeBoth();
        uint256 before = address(pools).balance;
        markOthersRows();
        vm.assertGt(address(pools).balance, before);
        vm.warp(block.timestamp + WINDOW + 1);
        vm.assertEq(uint8(models.statusOf(child)), uint8(IModelLedger.Status.Registered));
        payAll();
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }

    /// @dev At worst: stakes wait for an appeal that the contributor can make, bonds and pots go to the treasury and the datanet's reviewers.
    function test_at_worst_it_slashes_to_the_treasury_and_pays_the_own_reviewers() public {
        vm.deal(builder, 100 ether);
        vm.startPrank(builder);
        boards.setReviewFee(data.datanetId, 1 ether);
        boards.fundReviews{value: 2 ether}(data.datanetId);
        vm.stopPrank();
        upgradeBoth();
        uint256 had = balances.balanceOf(treasury);
        address at = address(boards);
        done(datanetsNow, at, 0, abi.encodeCall(boards.forfeit, (data.datanetId, reviewer)));
        vm.assertEq(balances.balanceOf(treasury) - had, STAKE / 10);
        // Votes that were never cast, by a reviewer of the datanet: three, of which the pot pays two.
        uint256 paid = balances.balanceOf(reviewer);
        for (uint64 i = 0; i < 3; i++) {
            ContributionId made = ContributionId.wrap((1 << 50) + i);
            done(datanetsNow, at, 0, abi.encodeCall(boards.openVote, (data.datanetId, made, reviewer)));
        }
        vm.assertEq(balances.balanceOf(reviewer) - paid, 2 ether);
        uint256 stake = contributorStakes.stakeOf(ofAlice).amount;
        vm.assertEq(stake, STAKE);
        done(
            datanetsNow,
            address(contributorStakes),
            0,
            abi.encodeCall(contributorStakes.lose, (ofAlice, bytes32("mine")))
        );
        vm.assertEq(losses.lossOf(ofAlice).contributor, alice);
        vm.assertEq(losses.lossOf(ofAlice).finder, address(0));
        // The same id is bound and lost again: what waits for alice is not written over.
        bytes memory hold = abi.encodeCall(contributorStakes.hold, (ofAlice, thief));
        done(datanetsNow, address(contributorStakes), 1, hold);
        refusedTo(
            datanetsNow,
            address(contributorStakes),
            abi.encodeCall(contributorStakes.lose, (ofAlice, bytes32("mine")))
        );
        vm.warp(block.timestamp + WINDOW + 1);
        had = balances.balanceOf(treasury);
        losses.end(ofAlice);
        vm.assertEq(balances.balanceOf(treasury) - had, stake);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }

    /// @dev An id of before, by which rows that alice has had for long seem to be another's who was first.
    function test_an_original_that_is_accepted_later_takes_a_stake_to_the_treasury_alone() public {
        bytes32 row = keccak256("row");
        vm.deal(thief, STAKE);
        ContributionId before = commitRows(data.datanetId, thief, row, 1);
        vm.prank(thief);
        datanets.cancel(before);
        ContributionId accused = accepted(data.datanetId, alice, row, 1);
        upgradeBoth();
        bytes memory accept =
            abi.encodeCall(ledger.accept, (before, data.datanetId, thief, bytes32("content"), row, 1));
        done(datanetsNow, address(ledger), 0, accept);
        (RowProof[] memory copies, RowProof[] memory originals) = (new RowProof[](1), new RowProof[](1));
        (copies[0].contributionId, copies[0].exampleHash) = (accused, row);
        (originals[0].contributionId, originals[0].exampleHash) = (before, row);
        vm.deal(watcher, 10 ether);
        bytes memory proof =
            abi.encodeCall(plagiarism.provePlagiarism, (accused, copies, originals, bytes32("salt")));
        shown(watcher, address(plagiarism), proof);
        vm.assertEq(losses.lossOf(accused).amount, STAKE);
        vm.assertEq(losses.lossOf(accused).finder, address(0));
    }

    /// @dev However often a registry is upgraded, and by whatever calls: fuzzed in place of those that a person thinks of.
    function testFuzz_no_call_of_a_registry_takes_from_who_holds(
        uint8 which,
        bytes4 selector,
        bytes calldata tail
    ) public {
        upgradeBoth();
        address[8] memory targets = [
            address(ledger),
            address(models),
            address(pools),
            address(royalties),
            address(boards),
            address(contributorStakes),
            address(market),
            address(balances)
        ];
        datanetsNow.run(targets[which % 8], 0, abi.encodePacked(selector, tail));
        modelsNow.run(targets[which % 8], 0, abi.encodePacked(selector, tail));
        vm.assertEq(ledger.payeeOf(ofAlice), alice);
        vm.assertEq(thief.balance + balances.balanceOf(thief), 0);
    }
}
