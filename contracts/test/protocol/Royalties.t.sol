// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessTerms} from "../../src/interfaces/protocol/IDataAccess.sol";
import {IModelLedger} from "../../src/interfaces/protocol/IModelLedger.sol";
import {IModelRoyalties, RoyaltyLine} from "../../src/interfaces/protocol/IModelRoyalties.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {RoyaltyPurse} from "../../src/protocol/RoyaltyPurse.sol";
import {ContributionId, DatanetId, ModelId, Parent, SnapshotRef} from "../../src/protocol/Types.sol";
import {FamilyTest} from "./FamilyTest.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";

contract RoyaltiesTest is FamilyTest {
    function setUp() public {
        deployFamily();
    }

    function test_a_grandchilds_answer_pays_the_grandparents_contributors_to_the_wei() public {
        uint256 held = builder.balance;
        Claim memory claim = answered();
        settle(claim);
        uint256 net = netFee();
        // Nobody stakes: the owner has that part too.
        uint256 owners = net * 2000 / 10_000 + net * 1000 / 10_000;
        (uint256 income,) = royalties.waitingOf(child);
        vm.assertEq(income, owners);
        vm.assertEq(builder.balance, held, "the owner's part waits for its ancestors");
        royalties.distribute(child);
        // The parent's half, of which two fifths are the grandparent's.
        uint256[] memory parts = splitOf(owners, three(2_000, 3_000, 5_000));
        vm.assertEq(balances.balanceOf(builder), parts[2]);
        (, uint256 ofGrand) = royalties.waitingOf(grand);
        (, uint256 ofParent) = royalties.waitingOf(parent);
        vm.assertEq(ofGrand, parts[0]);
        vm.assertEq(ofParent, parts[1]);
        vm.assertEq(royalties.held(), parts[0] + parts[1]);
        royalties.distribute(grand);
        uint256[] memory split = splitOf(parts[0], three(5_000, 3_000, 0));
        vm.assertEq(balances.balanceOf(grandOwner), split[1]);
        vm.assertEq(pools.held(), split[0]);
        pools.claim(grandData.datanetId, grandData.number, ContributionId.wrap(grandRows[0].contributionId));
        pools.claim(grandData.datanetId, grandData.number, ContributionId.wrap(grandRows[10].contributionId));
        vm.assertEq(balances.balanceOf(alice), split[0] * ALICE_ROWS / 11);
        vm.assertEq(balances.balanceOf(bob), split[0] * BOB_ROWS / 11);
        royalties.distribute(parent);
        vm.assertEq(royalties.held(), 0);
        vm.assertEq(address(royalties).balance, 0, "no wei stays");
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.NothingOwed.selector, parent));
        royalties.distribute(parent);
    }

    function test_an_answer_of_a_model_without_parents_pays_its_owner_at_once() public {
        uint256 had = grandOwner.balance;
        settle(answerOf(grand, grandFixture));
        vm.assertEq(grandOwner.balance - had, netFee() * 2000 / 10_000 + netFee() * 1000 / 10_000);
        vm.assertEq(royalties.purseOf(grand), address(0));
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.NothingOwed.selector, grand));
        royalties.distribute(grand);
    }

    function test_the_childs_contributors_hosts_and_stakers_lose_nothing() public {
        vm.prank(watcher);
        staking.stake{value: 1 ether}(child);
        Claim memory claim = answered();
        uint256 had = alice.balance + bob.balance;
        settle(claim);
        uint256 net = netFee();
        (uint256 income,) = royalties.waitingOf(child);
        vm.assertEq(income, net * 2000 / 10_000);
        vm.assertEq(alice.balance + bob.balance - had, net - 2 * (net * 2000 / 10_000) - net * 1000 / 10_000);
    }

    function test_an_ancestors_stakers_have_their_part_of_its_royalty() public {
        vm.prank(watcher);
        staking.stake{value: 1 ether}(grand);
        settle(answered());
        royalties.distribute(child);
        (, uint256 owed) = royalties.waitingOf(grand);
        uint256 had = staking.held();
        royalties.distribute(grand);
        uint256[] memory split = splitOf(owed, three(5_000, 2_000, 1_000));
        vm.assertEq(staking.held() - had, split[2]);
        vm.assertEq(balances.balanceOf(grandOwner), split[1]);
        vm.assertEq(pools.held(), split[0]);
    }

    function test_what_waits_in_balances_is_divided_too() public {
        address purse = royalties.purseOf(child);
        vm.prank(payer);
        balances.credit{value: 1 ether}(purse);
        vm.prank(payer);
        (bool sent,) = purse.call{value: 0.5 ether}("");
        vm.assertTrue(sent);
        royalties.distribute(child);
        vm.assertEq(royalties.held(), 0.75 ether);
        vm.assertEq(balances.balanceOf(builder), 0.75 ether);
        vm.expectRevert(abi.encodeWithSelector(RoyaltyPurse.NotRoyalties.selector, address(this)));
        RoyaltyPurse(payable(purse)).empty();
    }

    function test_an_ancestor_by_two_ways_has_one_line() public {
        Parent[] memory both = new Parent[](2);
        (both[0], both[1]) = (Parent(grand, 1_000), Parent(parent, 2_000));
        ModelId id = derive(builder, freshDocument(), both, 3_000);
        RoyaltyLine[] memory table = royalties.tableOf(id);
        vm.assertEq(table.length, 2);
        vm.assertTrue(table[0].modelId == grand);
        vm.assertEq(table[0].bps, 1_000 + 800);
        vm.assertTrue(table[1].modelId == parent);
        vm.assertEq(table[1].bps, 1_200);
        vm.assertEq(royalties.parentsOf(id).length, 2);
        vm.assertTrue(models.getModel(id).isDerived);
    }

    function test_data_with_a_royalty_has_a_line_and_its_pool_is_paid() public {
        AccessTerms memory terms;
        terms.royaltyBps = 700;
        vm.prank(builder);
        access.setAccess(grandData.datanetId, terms, "");
        ModelDocument memory document = documentOf(grandData, grandFixture.index());
        document.adapterHash = keccak256("over data with a royalty");
        vm.prank(builder);
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.RoyaltyAboveMost.selector, 700, 0));
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
        ModelId id = derive(builder, document, new Parent[](0), 700);
        // Later terms are of later models.
        terms.royaltyBps = 0;
        vm.prank(builder);
        access.setAccess(grandData.datanetId, terms, "");
        serve(id);
        settle(answerOf(id, grandFixture));
        (uint256 income,) = royalties.waitingOf(id);
        royalties.distribute(id);
        uint256[] memory weights = new uint256[](2);
        (weights[0], weights[1]) = (700, 9_300);
        uint256[] memory parts = splitOf(income, weights);
        vm.assertEq(pools.held(), parts[0]);
        vm.assertEq(balances.balanceOf(builder), parts[1]);
    }

    function test_parents_are_few_settled_and_in_order() public {
        ModelDocument memory document = freshDocument();
        Parent[] memory five = new Parent[](5);
        refuse(document, five, abi.encodeWithSelector(IModelRoyalties.ParentCount.selector, 5, 4));
        Parent[] memory two = new Parent[](2);
        (two[0], two[1]) = (Parent(parent, 100), Parent(grand, 100));
        refuse(document, two, abi.encodeWithSelector(IModelRoyalties.ParentOrder.selector, grand));
        two[1] = Parent(parent, 100);
        refuse(document, two, abi.encodeWithSelector(IModelRoyalties.ParentOrder.selector, parent));
        ModelId pending = derive(builder, document, one(grand, 100), 100);
        document.adapterHash = keccak256("of a pending one");
        refuse(
            document,
            one(pending, 100),
            abi.encodeWithSelector(IModelRoyalties.ParentNotSettled.selector, pending)
        );
        ModelId unknown = ModelId.wrap(99);
        refuse(
            document, one(unknown, 100), abi.encodeWithSelector(IModelLedger.ModelUnknown.selector, unknown)
        );
    }

    function test_parts_are_within_bounds() public {
        ModelDocument memory document = freshDocument();
        refuse(
            document,
            one(grand, 0),
            abi.encodeWithSelector(IModelRoyalties.ParentRoyalty.selector, grand, 0, 1)
        );
        refuse(
            document,
            one(grand, 5_001),
            abi.encodeWithSelector(IModelRoyalties.RoyaltySum.selector, 5_001, 5_000)
        );
        Parent[] memory two = new Parent[](2);
        (two[0], two[1]) = (Parent(grand, 2_500), Parent(parent, 2_501));
        refuse(document, two, abi.encodeWithSelector(IModelRoyalties.RoyaltySum.selector, 5_001, 5_000));
        vm.prank(grandOwner);
        royalties.setLeastRoyalty(grand, 300);
        refuse(
            document,
            one(grand, 299),
            abi.encodeWithSelector(IModelRoyalties.ParentRoyalty.selector, grand, 299, 300)
        );
        vm.prank(builder);
        vm.expectRevert(abi.encodeWithSelector(IModelLedger.RoyaltyAboveMost.selector, 300, 299));
        modelRegistry.registerDerived{value: REGISTRATION_BOND}(
            document, defaultTerms(), one(grand, 300), 299
        );
        derive(builder, document, one(grand, 300), 300);
    }

    function test_the_least_part_is_the_owners_to_set() public {
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.NotRoyaltyOwner.selector, address(this)));
        royalties.setLeastRoyalty(grand, 1);
        vm.prank(grandOwner);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.LeastRoyaltyTooHigh.selector, 2_501, 2_500));
        royalties.setLeastRoyalty(grand, 2_501);
        vm.expectRevert(abi.encodeWithSelector(IModelRoyalties.NotRegistry.selector, address(this)));
        royalties.adopt(child, new Parent[](0), new SnapshotRef[](0), new uint16[](0));
    }

    function test_a_table_is_never_longer_than_its_bound() public {
        ModelId first = overManyDatanets(12, "first");
        ModelId second = overManyDatanets(11, "second");
        vm.warp(block.timestamp + WINDOW + 1);
        Parent[] memory both = new Parent[](2);
        (both[0], both[1]) = (Parent(first, 1_000), Parent(second, 1_000));
        ModelDocument memory document = freshDocument();
        refuse(document, both, abi.encodeWithSelector(IModelRoyalties.TableTooLong.selector, 25, 24));
        derive(builder, document, one(first, 1_000), 1_000);
    }

    /// @dev Whatever comes in, and however it is spread, all of it is somebody's.
    function testFuzz_every_wei_is_somebodys(uint96 amount, uint16 ofGrand, uint16 ofParent) public {
        uint256 income = bound(amount, 1, 1000 ether);
        Parent[] memory both = new Parent[](2);
        both[0] = Parent(grand, uint16(bound(ofGrand, 1, 2_500)));
        both[1] = Parent(parent, uint16(bound(ofParent, 1, 2_500)));
        ModelId id = derive(builder, freshDocument(), both, 5_000);
        uint256 had = balances.balanceOf(builder);
        vm.prank(payer);
        balances.credit{value: income}(royalties.purseOf(id));
        royalties.distribute(id);
        uint256 owners = balances.balanceOf(builder) - had;
        vm.assertEq(owners + royalties.held(), income);
        vm.assertGe(owners + 1, income * (10_000 - both[0].bps - both[1].bps) / 10_000);
        had = balances.balanceOf(grandOwner) + balances.balanceOf(parentOwner);
        uint256 held = royalties.held();
        distributeIfAny(grand);
        distributeIfAny(parent);
        uint256 gained = balances.balanceOf(grandOwner) + balances.balanceOf(parentOwner) - had;
        vm.assertEq(gained + pools.held(), held);
        vm.assertEq(address(royalties).balance, 0);
    }

    function distributeIfAny(ModelId id) internal {
        (uint256 income, uint256 owed) = royalties.waitingOf(id);
        if (income + owed > 0) royalties.distribute(id);
    }
}
