// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimDemands} from "../../src/interfaces/protocol/IClaimDemands.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ClaimChallenges} from "../../src/protocol/ClaimChallenges.sol";
import {ClaimDemands} from "../../src/protocol/ClaimDemands.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {ContributionId, ModelId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";

/// @notice Random walks through requests, claims true and false in every way that arithmetic can show, challenges right and wrong,
/// demands, silence, settlements and cancellations. Calls are made by people of small means: what they hold is counted.
contract MarketActor is ProtocolTest {
    enum Lie {
        None,
        Score,
        Weight,
        Stranger,
        Omission,
        ShortList,
        Repeat,
        Withheld,
        Undelivered
    }

    IndexFixture public fixture;
    ModelId public modelId;
    uint256 public settled;
    uint256 public refuted;
    /// @notice What went wrong inside a step; a failing assertion there would only revert the step.
    string public broken;
    mapping(RequestId requestId => Lie) private _lies;
    uint256 private _salt;

    constructor() {
        deployProtocol();
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        (rows[10].first, rows[9].first) = (0, type(uint32).max);
        for (uint256 seed = 1; seed < 100; seed++) {
            fixture = new IndexFixture(rows, 16, 4, 1000, seed);
            if (fixture.ranking().length > 4 && fixture.score(10) > 0) break;
        }
        modelId = serveModel(snapshot, fixture);
    }

    function ask(uint96 escrow) external {
        uint256 amount = bound(escrow, 1 ether, 5 ether);
        vm.prank(payer);
        market.request{value: amount}(modelId, host, keccak256("request"), 100, 50);
    }

    function answer(uint256 seed, uint8 kind) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0 || block.timestamp > market.getRequest(id).deadline) return;
        _lies[id] = Lie(kind % 9);
        Claim memory claim = _claim(id);
        bytes memory query = _lies[id] == Lie.Withheld ? bytes("") : fixture.query();
        vm.prank(host);
        try market.claim{value: BOND}(claim, query) {}
        catch {
            _expect(hosts.hostOf(host).amount < 300 ether, "a claim was refused");
            _lies[id] = Lie.None;
        }
    }

    /// @dev The right counter-example refutes a lie and no true claim.
    function challenge(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        bytes memory call = _counterExample(id);
        bool inTime = block.timestamp <= market.getRequest(id).deadline;
        (bool ok,) = announced(watcher, address(challenges), call);
        bool falseClaim = _lies[id] != Lie.None && _lies[id] < Lie.Withheld;
        _expect(ok == (falseClaim && inTime), ok ? "a true claim fell" : "a false claim stood");
        if (ok) refuted++;
    }

    function demand(uint256 seed, bool delivery) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        Claim memory claim = _claim(id);
        vm.prank(payer);
        if (delivery) {
            try demands.demandDelivery{value: DEPOSIT}(claim, hex"04") {} catch {}
        } else {
            try demands.demandQuery{value: DEPOSIT}(claim) {} catch {}
        }
    }

    /// @dev An honest host answers what it can.
    function respond(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0 || _lies[id] >= Lie.Withheld) return;
        Claim memory claim = _claim(id);
        bytes memory query = fixture.query();
        vm.startPrank(host);
        try demands.publishQuery(claim, query) {} catch {}
        try demands.deliver(claim, hex"c0ffee") {} catch {}
        vm.stopPrank();
    }

    function endSilent(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        IClaimDemands.Demand memory open = demands.demandOf(id);
        bool silent = open.kind != IClaimDemands.Kind.None && block.timestamp > open.deadline;
        try demands.endSilent(_claim(id)) {
            _expect(silent, "ended without silence");
            refuted++;
        } catch {
            _expect(!silent, "silence did not end a claim");
        }
    }

    function settle(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        bool due = block.timestamp > market.getRequest(id).deadline;
        Claim[] memory claims = new Claim[](1);
        claims[0] = _claim(id);
        uint256 expected = market.payoutOf(claims[0]).contributors + market.payoutOf(claims[0]).pools;
        uint256 before = _contributorsWorth();
        try market.settle(claims) {
            _expect(due, "settled too early");
            _expect(
                _contributorsWorth() - before == expected || _lies[id] == Lie.Stranger, "contributors' part"
            );
            settled++;
        } catch {
            _expect(!due, "a due claim did not settle");
        }
    }

    function cancel(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0) return;
        try market.cancel(id) {} catch {}
    }

    function collect(uint256 seed) external {
        uint256 count = market.requestCount();
        if (count == 0) return;
        RequestId id = RequestId.wrap(1 + (seed % count));
        try market.collect(id) {} catch {}
        try demands.returnDeposit(id) {} catch {}
    }

    function draw(uint8 contribution) external {
        SnapshotRef[] memory snapshots = models.snapshotsOf(modelId);
        ContributionId id = ContributionId.wrap(1 + (contribution % 2));
        try pools.claim(snapshots[0].datanetId, snapshots[0].number, id) {} catch {}
    }

    function wait_(uint16 time) external {
        vm.warp(block.timestamp + bound(time, 1, 40));
        vm.roll(block.number + 5);
    }

    /// @notice What the market must hold: escrows and bonds of what is open, and rewards that nobody collected.
    function owedByMarket() external view returns (uint256 owed) {
        for (uint256 i = 1; i <= market.requestCount(); i++) {
            RequestId id = RequestId.wrap(i);
            IInferenceMarket.Request memory order = market.getRequest(id);
            if (order.status == IInferenceMarket.Status.Requested) owed += order.escrow;
            if (order.status == IInferenceMarket.Status.Claimed) owed += order.escrow + order.bond;
            owed += market.refutationOf(id).reward;
        }
    }

    /// @notice Fees of open claims, as the stakes must have them.
    function openFees() external view returns (uint256 fees) {
        for (uint256 i = 1; i <= market.requestCount(); i++) {
            RequestId id = RequestId.wrap(i);
            IInferenceMarket.Request memory order = market.getRequest(id);
            if (order.status == IInferenceMarket.Status.Claimed) fees += order.fee;
        }
    }

    function openDeposits() external view returns (uint256 deposits) {
        for (uint256 i = 1; i <= market.requestCount(); i++) {
            RequestId id = RequestId.wrap(i);
            deposits += demands.demandOf(id).deposit;
        }
    }

    function parts() external view returns (InferenceMarket, ClaimDemands, address) {
        return (market, demands, host);
    }

    /// @notice Everything that the people and the contracts hold.
    function worth() external view returns (uint256) {
        return payer.balance + host.balance + builder.balance + watcher.balance + treasury.balance
            + alice.balance + bob.balance + address(0).balance + address(market).balance
            + address(balances).balance + address(hosts).balance + address(pools).balance
            + address(staking).balance + address(demands).balance + address(challenges).balance;
    }

    function holders() external view returns (bool) {
        return address(hosts).balance == hosts.held() && address(pools).balance >= pools.held()
            && address(staking).balance >= staking.held();
    }

    function hostOpenFees() external view returns (uint256) {
        return hosts.hostOf(host).openFees;
    }

    function _contributorsWorth() private view returns (uint256) {
        return alice.balance + bob.balance + pools.held();
    }

    function _expect(bool condition, string memory otherwise) private {
        if (!condition) broken = otherwise;
    }

    /// @dev A request in that state, the first from a random place on; 0 if there is none.
    function _pick(uint256 seed, IInferenceMarket.Status status) private view returns (RequestId id) {
        uint256 count = market.requestCount();
        for (uint256 i = 0; i < count; i++) {
            id = RequestId.wrap(1 + ((seed % count) + i) % count);
            if (market.getRequest(id).status == status) return id;
        }
        return RequestId.wrap(0);
    }

    function _claim(RequestId id) private view returns (Claim memory claim) {
        claim = claimOf(modelId, id, fixture);
        Lie lie = _lies[id];
        uint32[] memory ranking = fixture.ranking();
        if (lie == Lie.Score) claim.list.scores[3] -= 1;
        if (lie == Lie.Weight) claim.list.weights[0] += 1;
        if (lie == Lie.Stranger) claim.list.contributionIds[0] = 777;
        if (lie == Lie.Omission) {
            uint32[] memory rest = new uint32[](ranking.length - 1);
            for (uint256 i = 0; i < rest.length; i++) {
                rest[i] = ranking[i + 1];
            }
            claim.list = fixture.listOf(rest);
        }
        if (lie == Lie.ShortList) claim.list = fixture.listOf(new uint32[](0));
        if (lie == Lie.Repeat) {
            uint32[] memory one = new uint32[](1);
            one[0] = 10;
            claim.list = fixture.listOf(one);
        }
    }

    function _counterExample(RequestId id) private returns (bytes memory) {
        Claim memory claim = _claim(id);
        bytes32 salt = keccak256(abi.encode(++_salt));
        Lie lie = _lies[id];
        bytes memory query = fixture.query();
        if (lie == Lie.Omission || lie == Lie.ShortList) {
            return abi.encodeCall(
                ClaimChallenges.challengeOmitted, (claim, query, fixture.open(fixture.ranking()[0]), salt)
            );
        }
        if (lie == Lie.Weight || lie == Lie.Stranger) {
            (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.list.rowIds);
            return abi.encodeCall(ClaimChallenges.challengeWeights, (claim, records, paths, salt));
        }
        uint256 position = claim.list.rowIds.length - 1;
        return abi.encodeCall(
            ClaimChallenges.challengeScore,
            (claim, query, position, fixture.open(claim.list.rowIds[position]), salt)
        );
    }
}
