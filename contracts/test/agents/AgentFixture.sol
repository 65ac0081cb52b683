// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentAccount} from "../../src/agents/AgentAccount.sol";
import {AgentDeeds} from "../../src/agents/AgentDeeds.sol";
import {AgentRegistry} from "../../src/agents/AgentRegistry.sol";
import {AgentStakes} from "../../src/agents/AgentStakes.sol";
import {AgentId, DeedId} from "../../src/agents/AgentTypes.sol";
import {AgentVerdicts} from "../../src/agents/AgentVerdicts.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {IAgentAccount} from "../../src/interfaces/agents/IAgentAccount.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {RegistryProxy} from "../../src/protocol/RegistryProxy.sol";
import {ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "../protocol/IndexFixture.sol";
import {PanelTest} from "../protocol/PanelTest.sol";

/// @notice An agent that asks one model and swaps on one pool: its session may ask the host for it, buy and sell for the account itself,
/// and approve the pool.
abstract contract AgentFixture is PanelTest {
    uint128 internal constant AGENT_STAKE = 100 ether;
    uint64 internal constant ACCUSE = 1 days;
    uint64 internal constant AGE = 1 hours;
    uint256 internal constant KEY = 0xA9E;
    address internal constant OPEN = address(0);

    AgentStakes internal agentStakes;
    AgentRegistry internal registry;
    AgentDeeds internal deeds;
    AgentVerdicts internal verdicts;
    SwapPool internal pool;
    AgentId internal agentId;
    AgentAccount internal account;
    IndexFixture internal fixture;
    ModelId internal modelId;
    address internal owner = address(0x0A9E47);
    address internal key = vm.addr(KEY);
    address internal thief = address(0x7417EF);
    IAgentAccount.Rule[] internal rules;

    function deployAgents() internal {
        deployProtocol();
        seatVerifiers();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        fixture = new IndexFixture(rows, 16, 4, 1000, 7);
        modelId = serveModel(snapshot, fixture);
        agentStakes = new AgentStakes(balances, nextAddress(2), nextAddress(5), AGENT_STAKE, 30 days);
        AgentRegistry code = new AgentRegistry(agentStakes, nextAddress(3));
        registry = AgentRegistry(address(new RegistryProxy(address(code), governor)));
        deeds = new AgentDeeds(agentStakes, market, models, ledger, pools, AGE);
        new AgentAccount(agentStakes, deeds, address(market));
        verdicts = new AgentVerdicts(agentStakes, deeds, disputes, PANEL_FEE, 5_000, ACCUSE);
        vm.deal(address(this), 1_000 ether);
        pool = new SwapPool{value: 1_000 ether}("Devnet dollar", "DUSD", 1_000_000 ether);
        ModelId[] memory asks = new ModelId[](1);
        asks[0] = modelId;
        vm.deal(owner, 1_000 ether);
        vm.prank(owner);
        address made;
        (agentId, made) = registry.register{value: AGENT_STAKE}("when the answer says buy, buy", asks);
        account = AgentAccount(payable(made));
        vm.deal(made, 100 ether);
        _makeRules();
        _openSession(_limits(15 ether, 20 ether, 5_000 ether, 6_000 ether));
    }

    function _makeRules() private {
        bytes32 self = bytes32(uint256(uint160(address(account))));
        bytes32[] memory asked = new bytes32[](2);
        (asked[0], asked[1]) = (bytes32(ModelId.unwrap(modelId)), bytes32(uint256(uint160(host))));
        bytes32[] memory one = new bytes32[](1);
        one[0] = self;
        bytes32[] memory spender = new bytes32[](1);
        spender[0] = bytes32(uint256(uint160(address(pool))));
        rules.push(IAgentAccount.Rule(address(market), IInferenceMarket.request.selector, 15 ether, 3, asked));
        rules.push(IAgentAccount.Rule(address(pool), SwapPool.buy.selector, 8 ether, 1, one));
        rules.push(IAgentAccount.Rule(address(pool), SwapPool.sell.selector, 0, 1, one));
        rules.push(IAgentAccount.Rule(address(pool), pool.approve.selector, 0, 1, spender));
    }

    function _limits(uint128 openCall, uint128 openDay, uint128 tokenCall, uint128 tokenDay)
        internal
        view
        returns (IAgentAccount.Limit[] memory limits)
    {
        limits = new IAgentAccount.Limit[](2);
        limits[0] = IAgentAccount.Limit(OPEN, openCall, openDay);
        limits[1] = IAgentAccount.Limit(address(pool), tokenCall, tokenDay);
    }

    function _openSession(IAgentAccount.Limit[] memory limits) internal {
        uint64 now_ = uint64(block.timestamp);
        IAgentAccount.Session memory session = IAgentAccount.Session(now_, now_ + 7 days, _root());
        vm.prank(owner);
        account.setSession(key, session, limits);
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
    }

    function _leaf(uint256 at) private view returns (bytes32) {
        return account.leafOf(rules[at]);
    }

    function _root() internal view returns (bytes32) {
        return _pair(_pair(_leaf(0), _leaf(1)), _pair(_leaf(2), _leaf(3)));
    }

    function _proof(uint256 at) internal view returns (bytes32[] memory proof) {
        proof = new bytes32[](2);
        proof[0] = _leaf(at ^ 1);
        proof[1] = at < 2 ? _pair(_leaf(2), _leaf(3)) : _pair(_leaf(0), _leaf(1));
    }

    function _order(uint256 rule, uint128 value, bytes memory data, RequestId[] memory because)
        internal
        view
        returns (IAgentAccount.Act memory order)
    {
        order.call = IAgentAccount.Call(rules[rule].target, value, data);
        (order.rule, order.proof) = (rules[rule], _proof(rule));
        (order.because, order.rationale) = (because, "why");
    }

    function _buy(uint128 value, RequestId[] memory because)
        internal
        view
        returns (IAgentAccount.Act memory)
    {
        return _order(1, value, abi.encodeCall(SwapPool.buy, (address(account), 0)), because);
    }

    function _act(IAgentAccount.Act memory order) internal returns (DeedId deedId) {
        vm.prank(key);
        (deedId,) = account.act(order);
    }

    function _refused(IAgentAccount.Act memory order, bytes memory reason) internal {
        vm.expectRevert(reason);
        vm.prank(key);
        account.act(order);
    }

    function _none() internal pure returns (RequestId[] memory) {
        return new RequestId[](0);
    }

    function _one(RequestId id) internal pure returns (RequestId[] memory because) {
        because = new RequestId[](1);
        because[0] = id;
    }

    /// @dev The agent asks through its session.
    function _ask() internal returns (RequestId) {
        bytes memory data =
            abi.encodeCall(IInferenceMarket.request, (modelId, host, keccak256("request"), 100, 50));
        IAgentAccount.Act memory order = _order(0, uint128(ESCROW), data, _none());
        vm.prank(key);
        (, bytes memory result) = account.act(order);
        return abi.decode(result, (RequestId));
    }

    /// @dev And the host has claimed an answer.
    function _answered() internal returns (RequestId id, Claim memory claim) {
        id = _ask();
        claim = claimOf(modelId, id, fixture);
        postClaim(claim, fixture.query());
    }
}
