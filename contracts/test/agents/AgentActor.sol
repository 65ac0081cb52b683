// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeedId} from "../../src/agents/AgentTypes.sol";
import {SwapPool} from "../../src/agents/SwapPool.sol";
import {IAgentAccount} from "../../src/interfaces/agents/IAgentAccount.sol";
import {IAgentDeeds} from "../../src/interfaces/agents/IAgentDeeds.sol";
import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {IAgentVerdicts} from "../../src/interfaces/agents/IAgentVerdicts.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {DisputeId, RequestId} from "../../src/protocol/Types.sol";
import {AgentFixture} from "./AgentFixture.sol";

/// @notice An agent whose session key was stolen, its owner, its hosts, and whoever accuses and judges it, in any order. The key tries
/// whatever it can: other recipients, other rules, more than the limits, the same signature twice.
contract AgentActor is AgentFixture {
    uint128 private constant OPEN_DAY = 20 ether;
    uint128 private constant TOKEN_DAY = 6_000 ether;

    /// @notice What went wrong inside a step; a failing assertion there would only revert the step.
    string public broken;
    /// @notice Wei that verdicts took of stakes, and that left them by themselves.
    uint256 public slashed;
    uint256 public left;
    uint256 public staked;
    uint256 public acted;
    uint256 public judged;
    /// @dev What the key's calls moved out of the account on a day: OPEN, and tokens.
    mapping(uint256 day => uint256) private _openOut;
    mapping(uint256 day => uint256) private _tokenOut;
    mapping(DeedId deedId => uint256) private _verdict;
    uint256 private _product;

    constructor() {
        deployAgents();
        staked = AGENT_STAKE;
        _product = address(pool).balance * pool.balanceOf(address(pool));
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        _openSession(_limits(15 ether, OPEN_DAY, 5_000 ether, TOKEN_DAY));
    }

    function wait_(uint256 seed) external {
        vm.warp(block.timestamp + bound(seed, 1, seed % 5 == 0 ? 1 days : 20));
    }

    function fund(uint256 seed) external {
        vm.deal(owner, 50 ether);
        vm.prank(owner);
        (bool ok,) = address(account).call{value: bound(seed, 1, 50 ether)}("");
        _expect(ok, "an account takes coins");
    }

    /// @dev The owner opens the session anew, never with more than the largest limits; or it takes the key its session.
    function session(uint256 seed) external {
        if (seed % 9 == 0) {
            vm.prank(seed % 2 == 0 ? owner : key);
            account.revoke(key);
            return;
        }
        uint128 day = uint128(bound(seed >> 8, 1 ether, OPEN_DAY));
        uint128 tokens = uint128(bound(seed >> 72, 1 ether, TOKEN_DAY));
        _openSession(_limits(day, day, tokens, tokens));
    }

    function question(uint256 seed) public {
        bytes memory data = abi.encodeCall(
            IInferenceMarket.request, (modelId, seed % 7 == 0 ? thief : host, keccak256("request"), 100, 50)
        );
        uint128 escrow = uint128(bound(seed >> 8, 0.1 ether, seed % 5 == 0 ? 16 ether : 1 ether));
        _try(_order(0, escrow, data, _none()), seed);
    }

    function answer(uint256 seed) public {
        RequestId id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0 || block.timestamp > market.getRequest(id).deadline) {
            if (RequestId.unwrap(id) != 0) market.cancel(id);
            return;
        }
        postClaim(claimOf(modelId, id, fixture), fixture.query());
    }

    function trade(uint256 seed) external {
        address to = seed % 4 == 0 ? thief : address(account);
        uint256 amount = bound(seed >> 80, 0, 7_000 ether);
        uint256 rule = 1 + (seed >> 4) % 3;
        bytes memory data = rule == 1
            ? abi.encodeCall(SwapPool.buy, (to, 0))
            : rule == 2
                ? abi.encodeCall(SwapPool.sell, (to, amount, 0))
                : abi.encodeCall(pool.approve, (seed % 3 == 0 ? thief : address(pool), amount));
        if (RequestId.unwrap(_pick(seed, IInferenceMarket.Status.Claimed)) == 0 && seed % 5 != 0) {
            question(seed >> 32);
            answer(seed);
        }
        bool isSettled = seed % 6 == 5;
        RequestId because =
            _pick(seed >> 16, isSettled ? IInferenceMarket.Status.Settled : IInferenceMarket.Status.Claimed);
        uint128 value = rule == 1 ? uint128(bound(seed >> 8, 0, 9 ether)) : 0;
        IAgentAccount.Act memory order = _order(rule, value, data, _one(because));
        // Now and then the thief writes a rule of its own.
        if (seed % 11 == 0) order.rule.fixedWords = 0;
        if (seed % 13 == 0) (order.call.target, order.rule.target) = (address(balances), address(balances));
        _try(order, seed);
    }

    /// @dev By the key itself, or signed and brought by the thief, who brings it again.
    function _try(IAgentAccount.Act memory order, uint256 seed) private {
        (uint256 openHad, uint256 tokenHad) = (address(account).balance, pool.balanceOf(address(account)));
        if (seed % 2 == 0) {
            vm.prank(key);
            try account.act(order) {
                acted++;
            } catch {}
        } else {
            (uint256 nonce, uint256 deadline) = (account.nonces(key), block.timestamp);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, account.digestOf(key, order, nonce, deadline));
            bytes memory signature = abi.encodePacked(r, s, v);
            vm.startPrank(thief);
            try account.actFor(key, order, deadline, signature) {
                acted++;
                try account.actFor(key, order, deadline, signature) {
                    _expect(false, "a signature was taken twice");
                } catch {}
            } catch {}
            vm.stopPrank();
        }
        uint256 day = block.timestamp / 1 days;
        uint256 now_ = address(account).balance;
        if (now_ < openHad) _openOut[day] += openHad - now_;
        now_ = pool.balanceOf(address(account));
        if (now_ < tokenHad) _tokenOut[day] += tokenHad - now_;
        _expect(_openOut[day] <= OPEN_DAY, "more OPEN than a day's limit");
        _expect(_tokenOut[day] <= TOKEN_DAY, "more tokens than a day's limit");
    }

    /// @dev Others trade too: the pool is everybody's.
    function others(uint256 seed) external {
        vm.deal(payer, 100 ether);
        vm.startPrank(payer);
        pool.buy{value: bound(seed, 0, 100 ether)}(payer, 0);
        pool.sell(payer, bound(seed >> 64, 0, pool.balanceOf(payer)), 0);
        vm.stopPrank();
    }

    function settleOne(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claimOf(modelId, id, fixture));
    }

    /// @dev The host shows a panel nothing: its claim falls, and with it the deeds' rewards.
    function refute(uint256 seed) external {
        if (seed % 4 != 0) return;
        RequestId id = _pick(seed >> 8, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        Claim memory claim = claimOf(modelId, id, fixture);
        vm.deal(watcher, PANEL_FEE);
        vm.prank(watcher);
        DisputeId audit = audits.dispute{value: PANEL_FEE}(claim);
        recordSeed(disputes.getDispute(audit).seedBlock);
        disputes.draw(audit);
        vm.warp(block.timestamp + WINDOW + 1);
        audits.endSilent(claim);
    }

    function taintOrReward(uint256 seed) external {
        DeedId deedId = _deed(seed);
        if (DeedId.unwrap(deedId) == 0) return;
        RequestId because = deeds.deedOf(deedId).because[0];
        bool isRefuted = market.getRequest(because).status == IInferenceMarket.Status.Refuted;
        bool isTainted = deeds.deedOf(deedId).isTainted;
        if (seed % 2 == 0) {
            try deeds.taint(deedId, because) {
                _expect(isRefuted, "a deed was tainted whose answer stands");
            } catch {
                _expect(!isRefuted || isTainted, "a refuted answer did not taint");
            }
            return;
        }
        Claim[] memory claims = new Claim[](1);
        claims[0] = claimOf(modelId, because, fixture);
        uint256 had = alice.balance + bob.balance + address(pools).balance;
        vm.deal(address(this), 1 ether);
        try deeds.reward{value: 1 ether}(deedId, claims) {
            _expect(!isTainted && !isRefuted, "a tainted deed was paid");
            uint256 has = alice.balance + bob.balance + address(pools).balance;
            _expect(has - had == 1 ether, "a reward did not reach the rows");
        } catch {}
    }

    function accuse(uint256 seed) external {
        DeedId deedId = _deed(seed);
        if (verdicts.caseOf(deedId).status != IAgentVerdicts.Status.None) return;
        vm.deal(watcher, PANEL_FEE);
        vm.prank(watcher);
        DisputeId id = verdicts.accuse{value: PANEL_FEE}(deedId, "reason");
        _verdict[deedId] = 1 + (seed >> 8) % 3;
        bytes32 value = _verdict[deedId] == 3 ? bytes32(0) : verdicts.valueOf(deedId, _verdict[deedId] == 1);
        verdict(id, value);
    }

    function judge(uint256 seed) external {
        DeedId deedId = _deed(seed);
        (uint256 had, bool isAccused) =
            (agentStakes.held(), verdicts.caseOf(deedId).status == IAgentVerdicts.Status.Accused);
        try verdicts.judge(deedId) {
            judged++;
            uint256 lost = had - agentStakes.held();
            slashed += lost;
            _expect(isAccused, "judged without an accusation");
            _expect(
                lost == (_verdict[deedId] == 2 ? had / 2 : 0), "a stake lost otherwise than by its verdict"
            );
            _expect(
                _verdict[deedId] != 2 || deeds.deedOf(deedId).isTainted, "a condemned deed is not tainted"
            );
        } catch {
            _expect(!isAccused, "a verdict could not be acted on");
        }
    }

    function stakes(uint256 seed) external {
        uint256 had = agentStakes.held();
        if (seed % 3 == 0 || !agentStakes.isActive(agentId)) {
            uint256 amount = bound(seed >> 8, 1, AGENT_STAKE);
            vm.deal(address(this), amount);
            agentStakes.stake{value: amount}(agentId);
            staked += amount;
        } else if (seed % 24 == 1) {
            vm.prank(owner);
            agentStakes.retire(agentId);
        } else {
            try agentStakes.withdraw(agentId) {
                left += had - agentStakes.held();
            } catch {}
        }
    }

    /// @dev What nobody but the contracts themselves may.
    function meddle(uint256 seed) external {
        vm.startPrank(seed % 2 == 0 ? thief : key);
        (bool slash,) = address(agentStakes).call(abi.encodeCall(IAgentStakes.slash, (agentId, 1)));
        (bool stain,) = address(deeds).call(abi.encodeCall(IAgentDeeds.taintByVerdict, (_deed(seed))));
        (bool open,) =
            address(account).call(abi.encodeCall(IAgentAccount.execute, (IAgentAccount.Call(thief, 1, ""))));
        vm.stopPrank();
        _expect(!slash && !stain && !open, "a stranger had its way");
    }

    /// @notice Empty, or what does not hold.
    function wrong() external view returns (string memory) {
        if (bytes(broken).length > 0) return broken;
        if (thief.balance + pool.balanceOf(thief) + pool.allowance(address(account), thief) != 0) {
            return "the thief has something";
        }
        IAgentStakes.Agent memory agent = agentStakes.getAgent(agentId);
        if (uint256(agent.stake) + agent.leaving != agentStakes.held()) return "stakes";
        if (address(agentStakes).balance != agentStakes.held()) return "the stakes' money";
        if (agentStakes.held() + slashed + left != staked) {
            return "a stake left otherwise than by a verdict or by itself";
        }
        if (address(deeds).balance + address(verdicts).balance != 0) return "money stays where none should";
        if (address(pool).balance * pool.balanceOf(address(pool)) < _product) {
            return "the pool's product fell";
        }
        if (pool.totalSupply() != 1_000_000 ether) return "the pool's supply";
        return "";
    }

    function _deed(uint256 seed) private view returns (DeedId) {
        uint256 count = deeds.deedCount();
        return DeedId.wrap(count == 0 ? 0 : 1 + seed % count);
    }

    /// @dev A request in that state, the first from a random place on; 0 if there is none.
    function _pick(uint256 seed, IInferenceMarket.Status status) private view returns (RequestId id) {
        uint256 count = market.requestCount();
        for (uint256 i = 0; i < count; i++) {
            id = RequestId.wrap(1 + (seed % count + i) % count);
            if (market.getRequest(id).status == status) return id;
        }
        return RequestId.wrap(0);
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition) broken = otherwise;
    }
}
