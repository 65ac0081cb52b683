// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Claim, InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {InferenceRequests} from "../../src/protocol/InferenceRequests.sol";
import {IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Random walks through requests, claims true and false, challenges, settlements and cancellations.
contract MarketActor is ProtocolTest {
    IndexFixture public fixture;
    uint256 public modelId;
    uint256 public openEscrow;
    uint256 public openBonds;
    uint256 public refuted;
    uint256 public settled;
    /// @dev What went wrong inside a step; a failing assertion there would only revert the step.
    string public broken;
    mapping(uint256 requestId => bool) private _false;

    constructor() {
        deployProtocol();
        fixture = new IndexFixture(6, 4, 3, 500, owners(), 5);
        modelId = registerModel(fixture);
    }

    function theMarket() external view returns (InferenceMarket) {
        return market;
    }

    function bondsOf(address account) external view returns (uint256) {
        return balances.balanceOf(account);
    }

    function ask(uint96 escrow) external {
        uint256 amount = bound(escrow, 1 ether, 5 ether);
        vm.deal(payer, amount);
        requestInference(modelId, amount);
        openEscrow += amount;
    }

    function answer(uint256 seed, bool lie) external {
        uint256 id = _pick(seed);
        if (id == 0) return;
        InferenceRequests.Request memory order = market.getRequest(id);
        if (order.status != InferenceRequests.Status.Requested || block.timestamp > order.deadline) return;
        vm.deal(host, BOND);
        postClaim(id, _claim(lie));
        _false[id] = lie;
        openBonds += BOND;
    }

    function challenge(uint256 seed) external {
        uint256 id = _pick(seed);
        if (id == 0) return;
        InferenceRequests.Request memory order = market.getRequest(id);
        if (order.status != InferenceRequests.Status.Claimed) return;
        bool inTime = block.timestamp <= order.deadline;
        Claim memory claim = _claim(_false[id]);
        uint32 row = claim.influence.rowIds[0];
        (bytes memory record, bytes32[] memory path) = (fixture.record(row), fixture.path(row));
        uint256 had = balances.balanceOf(watcher);
        vm.prank(watcher);
        try market.challengeScore(id, claim, 0, record, path) {
            _expect(_false[id] && inTime, "a true claim fell");
            _expect(balances.balanceOf(watcher) - had == BOND, "the bond went elsewhere");
            openEscrow -= order.escrow;
            openBonds -= BOND;
            refuted++;
        } catch {
            _expect(!(_false[id] && inTime), "a false claim stood");
        }
    }

    function settle(uint256 seed) external {
        uint256 id = _pick(seed);
        if (id == 0) return;
        InferenceRequests.Request memory order = market.getRequest(id);
        try market.settle(id, _claim(_false[id])) {
            _expect(block.timestamp > order.deadline, "settled too early");
            openEscrow -= order.escrow;
            openBonds -= BOND;
            settled++;
        } catch {
            bool due = order.status == InferenceRequests.Status.Claimed && block.timestamp > order.deadline;
            _expect(!due, "a due claim did not settle");
        }
    }

    function cancel(uint256 seed) external {
        uint256 id = _pick(seed);
        if (id == 0) return;
        uint256 escrow = market.getRequest(id).escrow;
        vm.prank(payer);
        try market.cancel(id) {
            openEscrow -= escrow;
        } catch {}
    }

    function wait_(uint16 time) external {
        vm.warp(block.timestamp + bound(time, 1, 40));
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition) broken = otherwise;
    }

    function _pick(uint256 seed) private view returns (uint256) {
        uint256 count = market.requestCount();
        return count == 0 ? 0 : 1 + (seed % count);
    }

    function _claim(bool lie) private view returns (Claim memory claim) {
        claim = claimOf(fixture);
        if (lie) claim.influence.scores[0] += 1;
    }
}

contract EscrowInvariantTest is ProtocolTest {
    MarketActor internal actor;

    function setUp() public {
        actor = new MarketActor();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actor);
    }

    /// @dev The market holds the escrows and bonds of open requests, no wei more or less; nothing stays in the splitter.
    function invariant_escrow_is_conserved() public view {
        vm.assertEq(address(actor.theMarket()).balance, actor.openEscrow() + actor.openBonds());
        vm.assertEq(SPLITTER.balance, 0);
    }

    function invariant_no_step_went_wrong() public view {
        vm.assertEq(actor.broken(), "");
    }

    /// @dev Each refuted claim brought exactly its bond to the watcher.
    function invariant_bonds_go_to_the_watcher() public view {
        vm.assertEq(actor.bondsOf(watcher), actor.refuted() * BOND);
        vm.assertEq(actor.bondsOf(host), actor.settled() * BOND);
    }
}
