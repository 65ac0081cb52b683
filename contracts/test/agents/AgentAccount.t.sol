// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {AgentId, DeedId} from "../../src/agents/AgentTypes.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {IAgentAccount} from "../../src/interfaces/agents/IAgentAccount.sol";
import {IAgentDeeds} from "../../src/interfaces/agents/IAgentDeeds.sol";
import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ModelId, RequestId} from "../../src/protocol/Types.sol";
import {AgentFixture} from "./AgentFixture.sol";

/// @notice A target that the session allows and that turns on the account.
contract Turncoat {
    bytes private _order;

    function arm(bytes calldata order) external {
        _order = order;
    }

    function poke(address) external payable {
        (bool ok, bytes memory result) = msg.sender.call(_order);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}

contract AgentAccountTest is AgentFixture {
    function setUp() public {
        deployAgents();
    }

    function test_aDeedNamesTheAnswersItFollowsFrom() public {
        (RequestId id,) = _answered();
        bytes memory data = abi.encodeCall(SwapPool.buy, (address(account), 0));
        vm.expectEmit(address(deeds));
        emit IAgentDeeds.AgentActed(
            agentId,
            DeedId.wrap(1),
            key,
            address(pool),
            SwapPool.buy.selector,
            5 ether,
            keccak256(data),
            _one(id),
            "why"
        );
        DeedId deedId = _act(_buy(5 ether, _one(id)));
        vm.assertEq(DeedId.unwrap(deedId), 1);
        IAgentDeeds.Deed memory deed = deeds.deedOf(deedId);
        vm.assertEq(deed.policy, "when the answer says buy, buy");
        vm.assertEq(RequestId.unwrap(deed.because[0]), RequestId.unwrap(id));
        vm.assertEq(market.getRequest(id).payer, address(account));
        vm.assertGt(pool.balanceOf(address(account)), 4_900 ether);
    }

    function test_aStolenKeyCanNotNameAnotherRecipient() public {
        (RequestId id,) = _answered();
        IAgentAccount.Act memory order = _buy(5 ether, _one(id));
        order.call.data = abi.encodeCall(SwapPool.buy, (thief, 0));
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 3));
        // Nor a rule of its own.
        order.rule.words[0] = bytes32(uint256(uint160(thief)));
        _refused(
            order,
            abi.encodeWithSelector(
                IAgentAccount.CallNotAllowed.selector, address(pool), SwapPool.buy.selector
            )
        );
        order.rule.fixedWords = 0;
        order.rule.words = new bytes32[](0);
        _refused(
            order,
            abi.encodeWithSelector(
                IAgentAccount.CallNotAllowed.selector, address(pool), SwapPool.buy.selector
            )
        );
        // Nor another host for the question.
        bytes memory data =
            abi.encodeCall(IInferenceMarket.request, (modelId, thief, keccak256("request"), 100, 50));
        _refused(
            _order(0, 1 ether, data, _none()),
            abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 4)
        );
        // Nor allow somebody else to take tokens.
        data = abi.encodeCall(pool.approve, (thief, 1));
        _refused(
            _order(3, 0, data, _one(id)), abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 3)
        );
    }

    function test_aCallIsWhatItsRuleSays() public {
        (RequestId id,) = _answered();
        IAgentAccount.Act memory order = _buy(8 ether + 1, _one(id));
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 2));
        order.call.value = 1 ether;
        order.call.target = address(market);
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 0));
        order.call.target = address(pool);
        order.call.data = abi.encodeCall(pool.transfer, (thief, 1));
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 1));
        // Shorter than its fixed words, or than a selector.
        order.call.data = abi.encodePacked(SwapPool.buy.selector, bytes31(0));
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 3));
        order.call.data = "";
        _refused(order, abi.encodeWithSelector(IAgentAccount.CallOutsideRule.selector, 1));
        order.call.data = abi.encodeCall(SwapPool.buy, (address(account), type(uint256).max));
        vm.prank(key);
        vm.expectPartialRevert(SwapPool.OutBelow.selector);
        account.act(order);
        vm.assertEq(account.spentToday(key, OPEN), ESCROW);
        vm.assertEq(deeds.deedCount(), 0);
    }

    function test_limitsForEachCallAndDayInOpen() public {
        (RequestId id,) = _answered();
        // The question was 10 of 20.
        _act(_buy(8 ether, _one(id)));
        _refused(
            _buy(2 ether + 1, _one(id)),
            abi.encodeWithSelector(IAgentAccount.AboveDayLimit.selector, OPEN, 20 ether + 1, 20 ether)
        );
        _act(_buy(2 ether, _one(id)));
        vm.assertEq(account.spentToday(key, OPEN), 20 ether);
        // A new session does not give the day anew.
        _openSession(_limits(7 ether, 20 ether, 5_000 ether, 6_000 ether));
        _refused(
            _buy(1, _one(id)),
            abi.encodeWithSelector(IAgentAccount.AboveDayLimit.selector, OPEN, 20 ether + 1, 20 ether)
        );
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        vm.assertEq(account.spentToday(key, OPEN), 0);
        (, IAgentAccount.Limit[] memory limits) = account.sessionOf(key);
        vm.assertEq(limits[0].perCall, 7 ether);
    }

    function test_aCallAboveItsLimitIsRefused() public {
        (RequestId id,) = _answered();
        _openSession(_limits(4 ether, 20 ether, 5_000 ether, 6_000 ether));
        _refused(
            _buy(4 ether + 1, _one(id)),
            abi.encodeWithSelector(IAgentAccount.AboveCallLimit.selector, OPEN, 4 ether + 1, 4 ether)
        );
        // Where OPEN has no limit none of it can be spent.
        IAgentAccount.Limit[] memory limits = new IAgentAccount.Limit[](0);
        _openSession(limits);
        _refused(_buy(1, _one(id)), abi.encodeWithSelector(IAgentAccount.AboveCallLimit.selector, OPEN, 1, 0));
    }

    function test_tokensThatGoAndAllowancesCountAsSpent() public {
        (RequestId id,) = _answered();
        _act(_buy(8 ether, _one(id)));
        bytes memory data = abi.encodeCall(SwapPool.sell, (address(account), 5_000 ether + 1, 0));
        _refused(
            _order(2, 0, data, _one(id)),
            abi.encodeWithSelector(
                IAgentAccount.AboveCallLimit.selector, address(pool), 5_000 ether + 1, 5_000 ether
            )
        );
        _act(_order(2, 0, abi.encodeCall(SwapPool.sell, (address(account), 5_000 ether, 0)), _one(id)));
        vm.assertEq(account.spentToday(key, address(pool)), 5_000 ether);
        data = abi.encodeCall(pool.approve, (address(pool), 1_000 ether + 1));
        _refused(
            _order(3, 0, data, _one(id)),
            abi.encodeWithSelector(
                IAgentAccount.AboveDayLimit.selector, address(pool), 6_000 ether + 1, 6_000 ether
            )
        );
        _refused(
            _order(3, 0, abi.encodeCall(pool.approve, (address(pool), type(uint256).max)), _one(id)),
            abi.encodeWithSelector(
                IAgentAccount.AboveCallLimit.selector, address(pool), type(uint256).max, 5_000 ether
            )
        );
        _act(_order(3, 0, abi.encodeCall(pool.approve, (address(pool), 1_000 ether)), _one(id)));
        vm.assertEq(account.spentToday(key, address(pool)), 6_000 ether);
    }

    function test_aSessionHasItsTimes() public {
        (RequestId id,) = _answered();
        (IAgentAccount.Session memory session,) = account.sessionOf(key);
        session.from = uint64(block.timestamp) + 10;
        vm.prank(owner);
        account.setSession(key, session, _limits(15 ether, 20 ether, 0, 0));
        bytes memory over =
            abi.encodeWithSelector(IAgentAccount.SessionOver.selector, key, session.from, session.until);
        _refused(_buy(1, _one(id)), over);
        vm.warp(session.from);
        _act(_buy(1, _one(id)));
        vm.warp(session.until);
        _refused(_buy(1, _one(id)), over);
        vm.prank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IAgentAccount.SessionTimes.selector, session.until, session.until)
        );
        account.setSession(key, IAgentAccount.Session(session.until, session.until, "r"), _limits(1, 1, 1, 1));
    }

    function test_aRevokedKeyAndAStrangersDoNothing() public {
        (RequestId id,) = _answered();
        IAgentAccount.Act memory order = _buy(1, _one(id));
        bytes memory notOwner = abi.encodeWithSelector(IAgentAccount.NotOwner.selector, thief, owner);
        vm.startPrank(thief);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.SessionOver.selector, thief, 0, 0));
        account.act(order);
        vm.expectRevert(notOwner);
        account.setSession(thief, IAgentAccount.Session(0, 1, "root"), _limits(1, 1, 1, 1));
        vm.expectRevert(notOwner);
        account.revoke(key);
        vm.expectRevert(notOwner);
        account.execute(order.call);
        vm.stopPrank();
        vm.startPrank(key);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.NotOwner.selector, key, owner));
        account.execute(order.call);
        account.revoke(key);
        vm.stopPrank();
        _refused(order, abi.encodeWithSelector(IAgentAccount.SessionOver.selector, key, 0, 0));
    }

    function test_deedsFollowFromFreshAnswersOfTheAgentsOwn() public {
        RequestId open = _ask();
        _refused(_buy(1, _one(open)), abi.encodeWithSelector(IAgentDeeds.AnswerMissing.selector, open));
        postClaim(claimOf(modelId, open, fixture), fixture.query());
        RequestId others = requestInference(modelId);
        postClaim(claimOf(modelId, others, fixture), fixture.query());
        _refused(_buy(1, _none()), abi.encodeWithSelector(IAgentDeeds.BecauseCount.selector, 0, 8));
        _refused(_buy(1, new RequestId[](9)), abi.encodeWithSelector(IAgentDeeds.BecauseCount.selector, 9, 8));
        _refused(
            _buy(1, _one(others)),
            abi.encodeWithSelector(IAgentDeeds.NotPayerOf.selector, others, address(account))
        );
        RequestId[] memory twice = new RequestId[](2);
        (twice[0], twice[1]) = (open, open);
        _refused(_buy(1, twice), abi.encodeWithSelector(IAgentDeeds.BecauseOrder.selector, open));
        uint256 until = market.getRequest(open).claimedAt + AGE;
        vm.warp(until);
        _act(_buy(1, _one(open)));
        vm.warp(until + 1);
        _refused(_buy(1, _one(open)), abi.encodeWithSelector(IAgentDeeds.AnswerTooOld.selector, open, until));
    }

    function test_onlyAnswersOfTheAgentsModelsCount() public {
        (RequestId id,) = _answered();
        ModelId[] memory other = new ModelId[](1);
        other[0] = ModelId.wrap(77);
        vm.prank(thief);
        vm.expectRevert(abi.encodeWithSelector(IAgentStakes.NotAgentOwner.selector, thief, owner));
        agentStakes.setPolicy(agentId, "mine", other);
        vm.prank(owner);
        agentStakes.setPolicy(agentId, "another", other);
        _refused(_buy(1, _one(id)), abi.encodeWithSelector(IAgentDeeds.ModelNotOfAgent.selector, id));
        vm.assertTrue(agentStakes.usesModel(agentId, other[0]));
        vm.assertFalse(agentStakes.usesModel(agentId, modelId));
    }

    function test_aRefutedAnswerIsNoReason() public {
        RequestId id = _ask();
        vm.warp(block.timestamp + 61);
        market.cancel(id);
        _refused(_buy(1, _one(id)), abi.encodeWithSelector(IAgentDeeds.AnswerMissing.selector, id));
    }

    function test_aSignedCallIsMadeOnce() public {
        (RequestId id,) = _answered();
        IAgentAccount.Act memory order = _buy(1 ether, _one(id));
        bytes memory signature = _sign(KEY, order, 0, block.timestamp);
        vm.startPrank(thief);
        IAgentAccount.Act memory other = _buy(2 ether, _one(id));
        bytes memory refusal = abi.encodeWithSelector(IAgentAccount.SignatureOther.selector, key);
        vm.expectRevert(refusal);
        account.actFor(key, other, block.timestamp, signature);
        other = _buy(1 ether, _one(id));
        other.rationale = "because I say so";
        vm.expectRevert(refusal);
        account.actFor(key, other, block.timestamp, signature);
        vm.expectRevert(refusal);
        account.actFor(key, order, block.timestamp + 1, signature);
        account.actFor(key, order, block.timestamp, signature);
        vm.expectRevert(refusal);
        account.actFor(key, order, block.timestamp, signature);
        vm.stopPrank();
        bytes memory late = _sign(KEY, order, 1, block.timestamp);
        uint256 deadline = block.timestamp;
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.ActTooOld.selector, deadline));
        account.actFor(key, order, deadline, late);
    }

    function _sign(uint256 by, IAgentAccount.Act memory order, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(by, account.digestOf(key, order, nonce, deadline));
        return abi.encodePacked(r, s, v);
    }

    function test_aTargetCanNotActAgainFromInside() public {
        (RequestId id,) = _answered();
        Turncoat turncoat = new Turncoat();
        IAgentAccount.Rule memory rule =
            IAgentAccount.Rule(address(turncoat), Turncoat.poke.selector, 1 ether, 0, new bytes32[](0));
        IAgentAccount.Session memory session = IAgentAccount.Session(
            uint64(block.timestamp), uint64(block.timestamp) + 1 days, account.leafOf(rule)
        );
        vm.prank(owner);
        account.setSession(key, session, _limits(1 ether, 20 ether, 0, 0));
        IAgentAccount.Act memory order;
        order.call =
            IAgentAccount.Call(address(turncoat), 1 ether, abi.encodeCall(Turncoat.poke, (address(account))));
        (order.rule, order.because) = (rule, _one(id));
        uint256 deadline = block.timestamp;
        bytes memory signature = _sign(KEY, order, 0, deadline);
        turncoat.arm(abi.encodeCall(account.actFor, (key, order, deadline, signature)));
        _refused(
            order, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
    }

    function test_theOwnerCanDoAnything() public {
        vm.prank(owner);
        account.execute(IAgentAccount.Call(owner, 100 ether, ""));
        vm.assertEq(address(account).balance, 0);
    }

    function test_sessionsAreBounded() public {
        IAgentAccount.Session memory session = IAgentAccount.Session(0, 1, "root");
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.SessionLimits.selector, 9, 8));
        account.setSession(key, session, new IAgentAccount.Limit[](9));
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.LimitRepeated.selector, OPEN));
        account.setSession(key, session, new IAgentAccount.Limit[](2));
        session.root = 0;
        vm.expectRevert(abi.encodeWithSelector(IAgentAccount.SessionTimes.selector, 0, 1));
        account.setSession(key, session, new IAgentAccount.Limit[](0));
        vm.stopPrank();
    }

    /// @dev Whatever a key tries on a day, what leaves the account is at most the day's limit, and nothing reaches a thief.
    function testFuzz_aThiefGetsNothingAndSpendsNoMoreThanTheDay(uint256 seed) public {
        (RequestId id,) = _answered();
        uint256 before = address(account).balance;
        for (uint256 i = 0; i < 16; i++) {
            seed = uint256(keccak256(abi.encode(seed, i)));
            address to = seed % 3 == 0 ? thief : address(account);
            uint128 value = uint128(bound(seed >> 8, 0, 12 ether));
            uint256 amount = bound(seed >> 80, 0, 20_000 ether);
            uint256 rule = 1 + (seed >> 4) % 3;
            bytes memory data = rule == 1
                ? abi.encodeCall(SwapPool.buy, (to, 0))
                : rule == 2
                    ? abi.encodeCall(SwapPool.sell, (to, amount, 0))
                    : abi.encodeCall(pool.approve, (seed % 2 == 0 ? address(pool) : thief, amount));
            IAgentAccount.Act memory order = _order(rule, rule == 1 ? value : 0, data, _one(id));
            vm.prank(key);
            try account.act(order) {} catch {}
        }
        vm.assertEq(thief.balance + pool.balanceOf(thief) + pool.allowance(address(account), thief), 0);
        vm.assertLe(account.spentToday(key, OPEN), 20 ether);
        vm.assertLe(account.spentToday(key, address(pool)), 6_000 ether);
        vm.assertGe(address(account).balance, before - 10 ether);
    }
}
