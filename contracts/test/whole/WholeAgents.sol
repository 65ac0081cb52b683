// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeedId} from "../../src/agents/AgentTypes.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {IAgentAccount} from "../../src/interfaces/agents/IAgentAccount.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {UpgradeableRegistry} from "../../src/protocol/UpgradeableRegistry.sol";
import {WholeCircle} from "./WholeCircle.sol";

/// @notice Code that calls what it likes in the registry's name, and can be upgraded again.
contract LooseAgentRegistry layout at erc7201("openledger.AgentRegistry") is UpgradeableRegistry {
    function run(address to, bytes calldata data) external returns (bool ok) {
        (ok,) = to.call(data);
    }
}

/// @notice An agent that asks and trades, whoever accuses it, and a registry that is upgraded to whatever code now and then.
abstract contract WholeAgents is WholeCircle {
    uint256 public deedsDone;
    uint256 public condemned;
    RequestId private _because;

    function agentAsks(uint256 amount) external step("agentAsks") {
        _agentAsks(bound(amount, 1 ether, 3 ether));
    }

    function _agentAsks(uint256 amount) private {
        bytes memory data =
            abi.encodeCall(IInferenceMarket.request, (modelId, host, keccak256("request"), 100, 50));
        loses(owner, amount);
        vm.prank(owner);
        bytes memory result = account.execute(IAgentAccount.Call(address(market), uint128(amount), data));
        _because = abi.decode(result, (RequestId));
        hostClaims(_because);
    }

    /// @dev The account gives OPEN for tokens, for the answer that it had last.
    function agentBuys(uint256 amount) external step("agentBuys") {
        _agentBuys(amount);
    }

    function _agentBuys(uint256 amount) private {
        if (!agentStakes.isActive(agentId) && amount % 4 != 0) {
            vm.prank(owner);
            agentStakes.stake{value: AGENT_STAKE}(agentId);
        }
        bool isOpen = RequestId.unwrap(_because) != 0
            && market.getRequest(_because).status == IInferenceMarket.Status.Claimed;
        if (!isOpen) _agentAsks(1 ether);
        IAgentAccount.Act memory order;
        order.rule = IAgentAccount.Rule(address(pool), SwapPool.buy.selector, 2 ether, 0, new bytes32[](0));
        uint128 value = uint128(bound(amount, 1, 2 ether));
        order.call =
            IAgentAccount.Call(address(pool), value, abi.encodeCall(SwapPool.buy, (address(account), 0)));
        order.because = new RequestId[](1);
        order.because[0] = _because;
        IAgentAccount.Limit[] memory limits = new IAgentAccount.Limit[](1);
        limits[0] = IAgentAccount.Limit(address(0), 2 ether, 50 ether);
        uint64 now_ = uint64(block.timestamp);
        bytes32 root = account.leafOf(order.rule);
        vm.prank(owner);
        account.setSession(key, IAgentAccount.Session(now_, now_ + 1, root), limits);
        loses(owner, value);
        vm.prank(key);
        account.act(order);
        deedsDone++;
    }

    /// @dev The newest deed or an older one; each is accused once. Of what a condemned one's agent loses its accuser has half.
    function accuse(uint256 seed) external step("accuse") {
        exact(true);
        if (seed % 2 == 0 || deeds.deedCount() == 0) _agentBuys(seed);
        DeedId deedId = DeedId.wrap(seed % 2 == 0 ? deeds.deedCount() : 1 + seed % deeds.deedCount());
        if (seed % 4 == 0) {
            vm.prank(owner);
            agentStakes.retire(agentId);
        }
        by(watcher, PANEL_FEE);
        DisputeId id = verdicts.accuse{value: PANEL_FEE}(deedId, "reason");
        bool isUpheld = seed % 3 == 0;
        judged(id, verdicts.valueOf(deedId, isUpheld));
        uint256 had = agentStakes.held();
        uint256 lost = isUpheld ? 0 : had / 2;
        loses(owner, lost);
        gains(watcher, lost / 2);
        gains(address(feeTreasury), lost - lost / 2);
        verdicts.judge(deedId);
        expect(had - agentStakes.held() == lost, "a stake lost otherwise than by its verdict");
        if (!isUpheld) condemned++;
    }

    function rewardDeed(uint256 seed, uint256 amount) external step("rewardDeed") {
        if (deeds.deedCount() == 0) _agentBuys(seed);
        DeedId deedId = DeedId.wrap(1 + seed % deeds.deedCount());
        Claim[] memory claims = new Claim[](1);
        claims[0] = claimFor(deeds.deedOf(deedId).because[0]);
        if (market.getRequest(claims[0].requestId).status == IInferenceMarket.Status.Claimed) {
            vm.warp(block.timestamp + WINDOW + 1);
            settle(claims[0]);
        }
        amount = bound(amount, 1, 1 ether);
        by(payer, amount);
        deeds.reward{value: amount}(deedId, claims);
    }

    function agentStake(uint256 amount, uint8 kind) external step("agentStake") {
        amount = bound(amount, 1, 60 ether);
        vm.startPrank(owner);
        if (kind % 4 < 2) agentStakes.stake{value: amount}(agentId);
        if (kind % 16 == 2) agentStakes.retire(agentId);
        if (kind % 4 == 3) agentStakes.withdraw(agentId);
        vm.stopPrank();
    }

    /// @dev A registry of any code calls what it likes of the stakes, for one step.
    function evilRegistry(bytes4 selector, uint256 word) external step("evilRegistry") {
        address code = agentRegistry.implementation();
        address loose = address(new LooseAgentRegistry());
        vm.prank(governor);
        agentRegistry.upgradeToAndCall(loose, "");
        bytes4[4] memory known = [
            agentStakes.slash.selector,
            agentStakes.retire.selector,
            agentStakes.withdraw.selector,
            agentStakes.setPolicy.selector
        ];
        LooseAgentRegistry now_ = LooseAgentRegistry(address(agentRegistry));
        now_.run(address(agentStakes), abi.encodePacked(known[word % 4], abi.encode(agentId, word)));
        now_.run(address(agentStakes), abi.encodePacked(selector, abi.encode(agentId, word)));
        vm.prank(governor);
        now_.upgradeToAndCall(code, "");
    }
}
