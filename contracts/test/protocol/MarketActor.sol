// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimDemands} from "../../src/interfaces/protocol/IClaimDemands.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {IHostStakes} from "../../src/interfaces/protocol/IHostStakes.sol";
import {IAuditCases} from "../../src/interfaces/protocol/IAuditCases.sol";
import {Parameters} from "../../src/interfaces/protocol/IProtocolParameters.sol";
import {ClaimDemands} from "../../src/protocol/ClaimDemands.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {InferenceMarket} from "../../src/protocol/InferenceMarket.sol";
import {ContributionId, DisputeId, RequestId, SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow, IndexFixture} from "./IndexFixture.sol";
import {MarketLies} from "./MarketLies.sol";

/// @notice Random walks through requests, claims true and false in every way that arithmetic can show, challenges right and wrong,
/// demands, silence, settlements and cancellations. Calls are made by people of small means: what they hold is counted.
contract MarketActor is MarketLies {
    uint256 public settled;
    uint256 public refuted;
    /// @notice What went wrong inside a step; a failing assertion there would only revert the step.
    string public broken;
    /// @dev The contributors' part when it was claimed: nothing that payer, owner and host do may change it.
    mapping(RequestId requestId => uint256) private _promised;
    address[3] private _panel;

    constructor() {
        deployProtocol();
        // No bonds: what contributors have of a claim is not hidden behind them.
        Parameters memory next = defaultParameters();
        next.claimBond = 0;
        vm.prank(governor);
        parameters.setParameters(next);
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        (rows[10].first, rows[9].first) = (0, type(uint32).max);
        for (uint256 seed = 1; seed < 100; seed++) {
            fixture = new IndexFixture(rows, 16, 4, 1000, seed);
            if (fixture.ranking().length > 4 && fixture.score(10) > 0) break;
        }
        modelId = serveModel(snapshot, fixture);
        for (uint256 i = 0; i < 3; i++) {
            _panel[i] = vm.addr(4000 + i);
            vm.deal(_panel[i], 100 ether);
            vm.prank(_panel[i]);
            verifiers.stake{value: 100 ether}(i);
        }
        vm.deal(address(this), 100 ether);
        audits.fill{value: 100 ether}();
        vm.warp(block.timestamp + 10);
    }

    function ask(uint96 escrow) external {
        uint256 amount = bound(escrow, 1 ether, 5 ether);
        vm.prank(payer);
        try market.request{value: amount}(modelId, host, keccak256("request"), 100, 50) {} catch {}
    }

    function answer(uint256 seed, uint8 kind) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Requested);
        if (RequestId.unwrap(id) == 0 || block.timestamp > market.getRequest(id).deadline) return;
        _lies[id] = Lie(kind % 10);
        Claim memory claim = _claim(id);
        bytes memory query = _lies[id] == Lie.Withheld ? bytes("") : fixture.query();
        vm.prank(host);
        try market.claim(claim, query) {
            IInferenceMarket.Payout memory payout = market.payoutOf(claim);
            _promised[id] = payout.contributors + payout.context + payout.pools;
        } catch {
            HostView memory now_ = _hostNow();
            _expect(now_.isShort || now_.isFull, "a claim was refused");
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
        uint256 before = _contributorsWorth();
        try demands.endSilent(_claim(id)) {
            _expect(silent, "ended without silence");
            _ended(id, before);
            refuted++;
        } catch {
            _expect(!silent, "silence did not end a claim");
        }
    }

    function settle(uint256 seed) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        Claim[] memory claims = new Claim[](1);
        claims[0] = _claim(id);
        recordSeed(market.getRequest(id).seedBlock);
        bool isClear = audits.caseOf(id).isUpheld || audits.causeOf(claims[0]) == IAuditCases.Cause.None;
        bool due = block.timestamp > market.getRequest(id).deadline && isClear;
        uint256 expected = _promised[id];
        uint256 before = _contributorsWorth();
        try market.settle(claims) {
            _expect(due, "settled too early");
            _expect(
                _contributorsWorth() - before == expected || _lies[id] == Lie.Stranger, "contributors' part"
            );
            _ended(id, before);
            settled++;
        } catch {
            _expect(!due, "a due claim did not settle");
        }
    }

    /// @dev A dispute, or the audit that is due, to its end: three honest verifiers find what came out. A host that does not show its
    /// evidence loses, also where its claim is true and the payer disputed it: they may be one.
    function judge(uint256 seed, bool shows) external {
        RequestId id = _pick(seed, IInferenceMarket.Status.Claimed);
        if (RequestId.unwrap(id) == 0) return;
        Claim memory claim = _claim(id);
        recordSeed(market.getRequest(id).seedBlock);
        IAuditCases.Cause cause = audits.causeOf(claim);
        bool isLate = block.timestamp > market.getRequest(id).deadline;
        if (audits.caseOf(id).cause != IAuditCases.Cause.None || (isLate && cause == IAuditCases.Cause.None)) return;
        if (isLate) {
            audits.audit(claim);
        } else {
            vm.prank(payer);
            audits.dispute{value: PANEL_FEE}(claim);
        }
        DisputeId dispute = audits.caseOf(id).disputeId;
        recordSeed(disputes.getDispute(dispute).seedBlock);
        disputes.draw(dispute);
        if (!shows) {
            uint256 before = _contributorsWorth();
            vm.warp(block.timestamp + WINDOW + 1);
            audits.endSilent(claim);
            _ended(id, before);
            refuted++;
            return;
        }
        vm.prank(host);
        audits.giveEvidence(claim, "evidence");
        _vote(dispute, audits.valueOf(claimOf(modelId, id, fixture)));
        audits.conclude(claim);
        bool stands = audits.caseOf(id).isUpheld;
        _expect(
            stands == (_lies[id] != Lie.Hidden), stands ? "a lie was upheld" : "a true claim was convicted"
        );
        if (!stands) refuted++;
    }

    function _vote(DisputeId dispute, bytes32 truth) private {
        for (uint256 i = 0; i < 3; i++) {
            if (disputes.voteOf(dispute, 0, _panel[i]).weight == 0) continue;
            bytes32 hash = disputes.commitmentOf(dispute, _panel[i], truth, "digest", "salt");
            vm.prank(_panel[i]);
            disputes.commit(dispute, hash);
        }
        vm.warp(block.timestamp + 2 * WINDOW + 1);
        for (uint256 i = 0; i < 3; i++) {
            if (disputes.voteOf(dispute, 0, _panel[i]).weight == 0) continue;
            vm.prank(_panel[i]);
            disputes.reveal(dispute, truth, "digest", "salt");
        }
        vm.warp(block.timestamp + WINDOW);
        disputes.decide(dispute);
        vm.warp(block.timestamp + WINDOW + 1);
    }

    /// @dev A true claim is over: what it promised the contributors is theirs, whatever payer, owner and host did.
    function _ended(RequestId id, uint256 before) private {
        bool isTrue = _lies[id] == Lie.None || _lies[id] == Lie.Withheld || _lies[id] == Lie.Undelivered;
        if (isTrue) {
            _expect(_contributorsWorth() - before >= _promised[id], "a true claim's contributors lost");
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

    /// @dev What owner and host may do while claims are open.
    function meddle(uint8 kind, uint96 number) external {
        vm.startPrank(builder);
        if (kind % 6 == 0) models.setRates(modelId, uint128(bound(number, 1, RATE_IN)), RATE_OUT);
        if (kind % 6 == 1) models.setOpen(modelId, number % 4 != 0);
        vm.stopPrank();
        vm.startPrank(host);
        if (kind % 6 == 2) try hosts.setLimits(1 ether, uint32(number % 100)) {} catch {}
        if (kind % 6 == 3) try hosts.unstake(uint128(bound(number, 1, 100 ether))) {} catch {}
        if (kind % 6 == 4) try hosts.withdraw() {} catch {}
        if (kind % 6 == 5) hosts.take(modelId, 0, 1000, 1000);
        vm.stopPrank();
    }

    function draw(uint8 contribution) external {
        SnapshotRef[] memory snapshots = models.snapshotsOf(modelId);
        ContributionId id = ContributionId.wrap(1 + (contribution % 2));
        try pools.claim(snapshots[0].datanetId, snapshots[0].number, id) {} catch {}
    }

    /// @dev Alice and bob give one another what their rows earn.
    function moveIncome(uint8 contribution) external {
        ContributionId id = ContributionId.wrap(1 + (contribution % 2));
        address payee = ledger.payeeOf(id);
        vm.prank(payee);
        ledger.transferIncome(id, payee == alice ? bob : alice);
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
            + address(losses).balance + address(audits).balance + address(disputes).balance
            + address(verifiers).balance + address(staking).balance + address(demands).balance
            + address(challenges).balance;
    }

    function holders() external view returns (bool) {
        return address(hosts).balance == hosts.held() && address(pools).balance >= pools.held()
            && address(staking).balance >= staking.held();
    }

    function hostOpenFees() external view returns (uint256) {
        return hosts.hostOf(host).openFees;
    }

    struct HostView {
        bool isShort;
        bool isFull;
    }

    /// @dev Why a claim may be refused: its stake does not cover more fees, or it has as many open as it wants.
    function _hostNow() private view returns (HostView memory) {
        IHostStakes.Host memory now_ = hosts.hostOf(host);
        uint256 needed = hosts.coverOf(now_.openFees + 1_000_000, now_.maxFee);
        return HostView(now_.amount - now_.leaving < needed, now_.openClaims >= now_.maxOpenClaims);
    }

    function _contributorsWorth() private view returns (uint256) {
        return
            alice.balance + bob.balance + pools.held() + balances.balanceOf(alice) + balances.balanceOf(bob);
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
}
