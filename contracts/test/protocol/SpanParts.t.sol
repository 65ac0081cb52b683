// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaimChallenges} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IModelRegistry} from "../../src/interfaces/protocol/IModelRegistry.sol";
import {ClaimedPlace, ISpanChallenges} from "../../src/interfaces/protocol/ISpanChallenges.sol";
import {ModelDocument} from "../../src/protocol/ModelLedger.sol";
import {SnapshotRef} from "../../src/protocol/Types.sol";
import {FixtureRow} from "./IndexFixture.sol";
import {Draft, SpanFixture, Stretch} from "./SpanFixture.sol";
import {SpanTest} from "./SpanTest.sol";

/// @notice What is false of the rows' parts of spans and of covers as a whole.
contract SpanPartsTest is SpanTest {
    function test_better_span_that_does_not_stand_there_shows_nothing() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, NOBODY);
        Stretch memory longer = draft.spans[0];
        longer.end += 1;
        (bool ok, bytes memory answer) = announced(watcher, address(challenges), coverCall(0, longer));
        vm.assertFalse(ok);
        vm.assertTrue(keccak256(answer) != keccak256(STANDS));
    }

    function test_smaller_part_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        Stretch memory real = draft.held[2][0];
        draft.held[2][0].end -= 1;
        post(draft, NOBODY);
        real = Stretch(real.start, draft.spans[0].end, real.position, real.document);
        refutes(partCall(placeOf(2), 0, real), "part");
    }

    function test_part_left_out_refutes() public {
        // Row 3 holds both.
        Draft memory draft = fixture.draftOf(joined(joined(run(10, 8), run(68, 4)), run(1, 4)));
        Stretch memory real = draft.held[3][1];
        vm.assertEq(real.end - real.start, 4);
        draft.held[3][1] = Stretch(0, 0, 0, 0);
        post(draft, NOBODY);
        refutes(partCall(placeOf(3), 1, real), "part");
    }

    function test_part_shown_in_another_row_shows_nothing() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, NOBODY);
        refused(
            watcher,
            address(challenges),
            partCall(placeOf(7), 0, draft.held[2][0]),
            abi.encodeWithSelector(IClaimChallenges.WrongRow.selector, 2, 7)
        );
    }

    function test_omitted_holder_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, 2);
        stands(gainsCall());
        refutes(omittedCall(draft, 2), "omitted holder");
    }

    function test_omitted_row_of_influence_alone_refutes() public {
        Draft memory draft = fixture.draftOf(free());
        uint256 best = fixture.listOf(draft, NOBODY).rowIds[0];
        post(draft, best);
        refutes(omittedCall(draft, best), "omitted holder");
    }

    function test_gains_that_do_not_follow_refute() public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        claim.list.gains[3] = claim.list.gains[3] == 1 ? 2 : claim.list.gains[3] - 1;
        postAs(fixture.evidenceOf(draft, claim.list.rowIds));
        refutes(gainsCall(), "gains");
    }

    function test_claim_without_a_cover_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        postAs(fixture.query());
        refused(
            watcher,
            address(challenges),
            coverCall(0, draft.spans[0]),
            abi.encodeWithSelector(ISpanChallenges.CoverMalformed.selector)
        );
        refutes(gainsCall(), "gains");
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_changed_cover_is_read_or_refutes(uint256 at, uint8 flip) public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        bytes memory evidence = fixture.evidenceOf(draft, claim.list.rowIds);
        uint256 least = fixture.query().length;
        at = least + at % (evidence.length - least);
        if (flip == 0) {
            assembly ("memory-safe") {
                mstore(evidence, at)
            }
        } else {
            evidence[at] = bytes1(uint8(evidence[at]) ^ flip);
        }
        postAs(evidence);
        (bool ok, bytes memory answer) = announced(watcher, address(challenges), gainsCall());
        if (flip == 0) vm.assertTrue(ok, "what is cut has no form");
        if (!ok) vm.assertEq(answer, STANDS);
    }

    function test_cover_that_is_too_long_is_not_taken() public {
        claim = claimOf(modelId, requestInference(modelId), fixture);
        bytes memory evidence = abi.encodePacked(fixture.query(), new bytes(20_000));
        claim.queryHash = keccak256(evidence);
        vm.expectRevert();
        vm.prank(host);
        market.claim{value: BOND}(claim, evidence);
    }

    function test_long_span_is_shown_in_pieces() public {
        Draft memory draft;
        draft.tokens = long();
        draft.bits = new uint8[](400);
        for (uint256 i = 0; i < 400; i++) {
            draft.bits[i] = fixture.bitsOf(draft.tokens[i]);
        }
        (bool found, uint32 position) = fixture.find(draft.tokens, 0, 400, 4);
        vm.assertTrue(found);
        Stretch memory all = Stretch(0, 400, position, 4);
        draft.spans = new Stretch[](0);
        postHeld(draft);
        refutes(coverCall(0, all), "cover");
        draft.spans = new Stretch[](1);
        draft.spans[0] = all;
        draft.held = new Stretch[][](11);
        for (uint256 row = 0; row < 11; row++) {
            draft.held[row] = new Stretch[](1);
        }
        draft.held[4][0] = all;
        post(draft, NOBODY);
        stands(coverCall(0, all));
        stands(pieceCall(all, ClaimedPlace(OF_COVER, 0, 0, 384)));
        stands(pieceCall(all, ClaimedPlace(OF_COVER, 0, 384, 16)));
        bytes memory range = abi.encodeWithSelector(ISpanChallenges.PieceRange.selector, 384, 17);
        refused(watcher, address(challenges), pieceCall(all, ClaimedPlace(OF_COVER, 0, 384, 17)), range);
    }

    function test_query_with_its_cover_is_demanded_and_published() public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        query = fixture.evidenceOf(draft, claim.list.rowIds);
        claim.queryHash = keccak256(query);
        postClaim(claim, "");
        vm.prank(watcher);
        demands.demandQuery{value: DEPOSIT}(claim);
        demands.publishQuery(claim, query);
        stands(gainsCall());
    }

    function test_wrong_score_refutes_beside_a_cover() public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        claim.list.scores[3] -= 1;
        postAs(fixture.evidenceOf(draft, claim.list.rowIds));
        bytes memory call = abi.encodeCall(
            IClaimChallenges.challengeScore, (claim, query, 3, fixture.open(claim.list.rowIds[3]), SALT)
        );
        refutes(call, "score");
    }

    function test_chain_without_the_verifier_takes_no_model_with_spans() public {
        (SnapshotRef memory snapshot, FixtureRow[] memory rows) = createSnapshot();
        SpanFixture other = fullFixture(rows);
        vm.etch(SPANS, "");
        ModelDocument memory document = documentOf(snapshot, other.index());
        vm.prank(builder);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.SpansUnsupported.selector));
        modelRegistry.register{value: REGISTRATION_BOND}(document, defaultTerms());
    }
}
