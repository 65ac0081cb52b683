// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessTerms} from "../../src/interfaces/protocol/IDataAccess.sol";
import {RoyaltyLine} from "../../src/interfaces/protocol/IModelRoyalties.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {ContributionId, ModelId, Parent} from "../../src/protocol/Types.sol";
import {FamilyTest} from "./FamilyTest.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Random walks through terms of access, sales, registrations of descendants, incomes and distributions.
contract FamilyActor is FamilyTest {
    /// @notice What went wrong inside a step.
    string public broken;

    constructor() {
        deployFamily();
    }

    function setTerms(uint96 perSnapshot, uint64 perRow, uint16 royalty, uint16 curationBps, bool closes)
        external
    {
        AccessTerms memory terms;
        terms.perSnapshot = uint128(bound(perSnapshot, 0, 1 ether));
        terms.perRow = uint128(bound(perRow, 0, 0.01 ether));
        terms.royaltyBps = uint16(bound(royalty, 0, 1_000));
        terms.curationBps = uint16(bound(curationBps, 0, 5_000));
        terms.closed = closes;
        vm.prank(builder);
        access.setAccess(grandData.datanetId, terms, "");
    }

    function buy(uint8 who) external {
        address by = _person(who);
        AccessTerms memory terms = access.accessOf(grandData.datanetId);
        uint256 price = access.priceOf(grandData.datanetId, grandData.number);
        bool hasIt = access.saleOf(grandData.datanetId, grandData.number, by).soldAt != 0;
        vm.prank(by);
        try access.buy{value: price}(grandData.datanetId, grandData.number, terms) {
            _expect(!hasIt && !terms.closed, "sold what was not for sale");
        } catch {
            _expect(hasIt || terms.closed || price > by.balance, "refused what was for sale");
        }
    }

    /// @dev Another descendant over the grandparent's data, for what access to it costs its owner.
    function descend(uint8 who, uint256 of_, uint16 bps) external {
        if (models.modelCount() > 30) return;
        address by = _person(who);
        ModelDocument memory document = documentOf(grandData, grandFixture.index());
        document.adapterHash = keccak256(abi.encode(models.modelCount()));
        Parent[] memory parents = one(_model(of_), uint16(bound(bps, 1, 4_000)));
        uint256 fee = access.feeOf(by, document.snapshots);
        vm.prank(by);
        try modelRegistry.registerDerived{value: REGISTRATION_BOND + fee}(
            document, defaultTerms(), parents, 10_000
        ) returns (
            ModelId id
        ) {
            _checkTable(id);
        } catch {}
    }

    function earn(uint256 which, uint96 amount, bool waits) external {
        address purse = royalties.purseOf(_model(which));
        if (purse == address(0)) return;
        uint256 value = bound(amount, 1, 1 ether);
        vm.prank(payer);
        if (waits) return balances.credit{value: value}(purse);
        (bool sent,) = purse.call{value: value}("");
        _expect(sent, "a purse takes what comes");
    }

    function distribute(uint256 which) external {
        ModelId id = _model(which);
        (uint256 income, uint256 owed) = royalties.waitingOf(id);
        try royalties.distribute(id) {
            (uint256 left, uint256 stillOwed) = royalties.waitingOf(id);
            _expect(income + owed > 0 && left == 0 && stillOwed == 0, "all that waits is divided");
        } catch {
            _expect(income + owed == 0, "what waits can be divided");
        }
    }

    function curate(uint8 contribution, bool draws) external {
        ContributionId id = ContributionId.wrap(1 + (contribution % 2));
        try curation.countVote(id, reviewer) {} catch {}
        if (draws) try curation.draw(grandData.datanetId, reviewer) {} catch {}
    }

    function draw(uint8 contribution) external {
        ContributionId id = ContributionId.wrap(1 + (contribution % 2));
        try pools.claim(grandData.datanetId, grandData.number, id) {} catch {}
    }

    function wait_(uint16 time) external {
        vm.warp(block.timestamp + bound(time, 1, 40));
    }

    function worth() external view returns (uint256 sum) {
        address[10] memory people =
            [payer, builder, grandOwner, parentOwner, watcher, alice, bob, reviewer, treasury, host];
        for (uint256 i = 0; i < people.length; i++) {
            sum += people[i].balance;
        }
        for (uint256 i = 1; i <= models.modelCount(); i++) {
            sum += royalties.purseOf(ModelId.wrap(i)).balance;
        }
        sum += address(balances).balance + address(pools).balance + address(curation).balance;
        sum += address(royalties).balance + address(models).balance + address(access).balance;
    }

    /// @notice Every holder has exactly what it owes, and access keeps nothing.
    function holders() external view returns (bool) {
        return address(pools).balance == pools.held() && address(curation).balance == curation.held()
            && address(royalties).balance == royalties.held() && address(access).balance == 0;
    }

    function _checkTable(ModelId id) private {
        RoyaltyLine[] memory table = royalties.tableOf(id);
        uint256 sum = 0;
        for (uint256 i = 0; i < table.length; i++) {
            sum += table[i].bps;
        }
        _expect(sum <= 5_000 && table.length <= 24 && table.length > 0, "a table within its bounds");
    }

    function _person(uint8 who) private view returns (address) {
        address[4] memory all = [payer, builder, grandOwner, watcher];
        return all[who % 4];
    }

    function _model(uint256 which) private view returns (ModelId) {
        return ModelId.wrap(1 + (which % models.modelCount()));
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition) broken = otherwise;
    }
}

contract FamilyInvariantTest is ProtocolTest {
    FamilyActor internal actor;
    uint256 internal worthAtStart;

    function setUp() public {
        actor = new FamilyActor();
        worthAtStart = actor.worth();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev No wei is lost or made, holders have what they owe, and what can be done is done.
    function invariant_money() public view {
        vm.assertEq(actor.worth(), worthAtStart, "no wei is lost or made");
        vm.assertTrue(actor.holders(), "holders");
        vm.assertEq(actor.broken(), "");
    }
}
