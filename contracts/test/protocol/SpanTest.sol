// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Opening} from "../../src/interfaces/ISpanVerifier.sol";
import {IClaimChallenges, OpenedRecord} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ClaimedPlace, ISpanChallenges, ShownPart} from "../../src/interfaces/protocol/ISpanChallenges.sol";
import {Claim} from "../../src/protocol/InferenceClaims.sol";
import {ModelId, SnapshotRef} from "../../src/protocol/Types.sol";
import {SpanVerifierTwin} from "../../src/twin/SpanVerifierTwin.sol";
import {Vm} from "../lib/Vm.sol";
import {FixtureRow} from "./IndexFixture.sol";
import {ProtocolTest} from "./ProtocolTest.sol";
import {Draft, SpanFixture, Stretch} from "./SpanFixture.sol";

/// @notice A served model whose rows hold spans, and claims with covers.
abstract contract SpanTest is ProtocolTest {
    address internal constant SPANS = 0x0000000000000000000000000000000000000a02;
    bytes32 internal constant SALT = bytes32("a secret");
    uint256 internal constant OF_COVER = 16;
    uint256 internal constant NOBODY = type(uint256).max;
    bytes internal constant STANDS = abi.encodeWithSelector(IClaimChallenges.ClaimStands.selector);

    SpanFixture internal fixture;
    ModelId internal modelId;
    Claim internal claim;
    bytes internal query;

    function setUp() public {
        deployProtocol();
        vm.etch(SPANS, address(new SpanVerifierTwin()).code);
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        (rows[10].first, rows[9].first) = (0, type(uint32).max);
        fixture = fullFixture(rows);
        modelId = serveModel(snapshot, fixture);
    }

    /// @dev One with positive and other scores among the rows that hold spans.
    function fullFixture(FixtureRow[] memory rows) internal returns (SpanFixture found) {
        for (uint256 seed = 1; seed < 100; seed++) {
            found = new SpanFixture(rows, documents(), 16, 4, 1000, seed);
            bool isMixed = found.score(2) > 0 && found.score(5) > 0 && found.score(8) < 0;
            if (isMixed && found.score(1) > 0) return found;
        }
        vm.assertTrue(false, "no seed gives such a fixture");
    }

    /// @dev Rows 2, 3 and, but for a token, 7 hold 10 to 17; rows 5 and 8 hold 30 to 33; row 4 is long.
    function documents() internal pure returns (uint32[][] memory all) {
        all = new uint32[][](9);
        for (uint32 row = 0; row < 9; row++) {
            all[row] = run(40 + row, 2);
        }
        all[2] = joined(run(50, 3), run(10, 8));
        all[3] = joined(run(10, 8), run(1, 4));
        all[4] = long();
        all[5] = joined(run(52, 2), run(30, 4));
        all[7] = joined(run(56, 2), run(11, 7));
        all[8] = run(30, 4);
    }

    function long() internal pure returns (uint32[] memory tokens) {
        tokens = new uint32[](400);
        for (uint32 i = 0; i < 400; i++) {
            tokens[i] = 20 + (i * i + i / 7) % 9;
        }
    }

    /// @dev Two tokens stand in no row, one of them has no place in the table.
    function copied() internal pure returns (uint32[] memory) {
        return joined(joined(run(10, 8), run(68, 4)), run(30, 4));
    }

    /// @dev Says little that any row says.
    function free() internal pure returns (uint32[] memory) {
        return joined(joined(run(60, 4), run(10, 3)), run(68, 8));
    }

    function run(uint32 first, uint256 count) internal pure returns (uint32[] memory tokens) {
        tokens = new uint32[](count);
        for (uint32 i = 0; i < count; i++) {
            tokens[i] = first + i;
        }
    }

    function joined(uint32[] memory a, uint32[] memory b) internal pure returns (uint32[] memory all) {
        all = new uint32[](a.length + b.length);
        for (uint256 i = 0; i < all.length; i++) {
            all[i] = i < a.length ? a[i] : b[i - a.length];
        }
    }

    /// @dev Posts what follows from a draft, without a row.
    function post(Draft memory draft, uint256 without) internal {
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, without);
        postAs(fixture.evidenceOf(draft, claim.list.rowIds));
    }

    function postAs(bytes memory evidence) internal {
        query = evidence;
        claim.queryHash = keccak256(evidence);
        postClaim(claim, evidence);
    }

    function refutes(bytes memory call, bytes32 reason) internal {
        vm.recordLogs();
        shown(watcher, address(challenges), call);
        vm.assertTrue(market.getRequest(claim.requestId).status == IInferenceMarket.Status.Refuted);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IInferenceMarket.InferenceRefuted.selector) continue;
            vm.assertTrue(bytes32(logs[i].data) == reason, "the reason");
            found++;
        }
        vm.assertEq(found, 1);
    }

    function stands(bytes memory call) internal {
        refused(watcher, address(challenges), call, STANDS);
    }

    function gainsCall() internal view returns (bytes memory) {
        return abi.encodeCall(ISpanChallenges.challengeGains, (claim, query, SALT));
    }

    function informationCall(uint256 token, uint32 id) internal view returns (bytes memory) {
        OpenedRecord memory leaf;
        if (id < fixture.IDS()) leaf = fixture.openInformation(id);
        return abi.encodeCall(
            ISpanChallenges.challengeInformation, (claim, query, fixture.spanIndex(), token, leaf, SALT)
        );
    }

    /// @dev Of a stretch as the claim has it.
    function placeCall(Stretch memory at, uint256 row, uint256 number) internal view returns (bytes memory) {
        return pieceCall(at, ClaimedPlace(row, number, 0, at.end - at.start));
    }

    function pieceCall(Stretch memory at, ClaimedPlace memory place) internal view returns (bytes memory) {
        Opening memory text = fixture.openText(at.position + uint32(place.from), place.count);
        return abi.encodeCall(
            ISpanChallenges.challengePlace,
            (claim, query, fixture.spanIndex(), place, text, fixture.openDocument(at.document), SALT)
        );
    }

    function coverCall(uint256 step, Stretch memory at) internal view returns (bytes memory) {
        return abi.encodeCall(
            ISpanChallenges.challengeCover,
            (claim, query, fixture.spanIndex(), step, fixture.showStretch(at), SALT)
        );
    }

    function partCall(uint256 position, uint256 span, Stretch memory at)
        internal
        view
        returns (bytes memory)
    {
        ShownPart memory part = ShownPart(span, fixture.showStretch(at));
        return abi.encodeCall(
            ISpanChallenges.challengePart, (claim, query, fixture.spanIndex(), position, part, SALT)
        );
    }

    /// @dev With all that the row holds.
    function omittedCall(Draft memory draft, uint256 row) internal view returns (bytes memory) {
        ShownPart[] memory parts = new ShownPart[](draft.spans.length);
        uint256 count = 0;
        for (uint256 span = 0; span < parts.length; span++) {
            if (draft.held[row][span].end == 0) continue;
            parts[count++] = ShownPart(span, fixture.showStretch(draft.held[row][span]));
        }
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        return abi.encodeCall(
            ISpanChallenges.challengeOmittedHolder,
            (claim, query, fixture.spanIndex(), fixture.open(row), parts, SALT)
        );
    }

    function placeOf(uint256 row) internal view returns (uint256 position) {
        while (claim.list.rowIds[position] != row) position++;
    }

    function postHeld(Draft memory draft) internal {
        post(fixture.hold(draft), NOBODY);
    }
}
