// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Opening} from "../../src/interfaces/ISpanVerifier.sol";
import {IClaimChallenges} from "../../src/interfaces/protocol/IClaimChallenges.sol";
import {IInferenceMarket} from "../../src/interfaces/protocol/IInferenceMarket.sol";
import {ClaimedPlace, ISpanChallenges} from "../../src/interfaces/protocol/ISpanChallenges.sol";
import {Draft, Stretch} from "./SpanFixture.sol";
import {SpanTest} from "./SpanTest.sol";

/// @notice What is false of bits, places and the choice of spans, and claims that withstand every challenge.
contract SpanChallengesTest is SpanTest {
    function test_the_answers_are_what_their_names_say() public {
        Draft memory draft = fixture.draftOf(copied());
        vm.assertEq(draft.spans.length, 2);
        vm.assertEq(draft.spans[0].end - draft.spans[0].start, 8);
        vm.assertEq(fixture.factorOf(draft, 2, 0), 16);
        vm.assertGt(fixture.factorOf(draft, 7, 0), 0);
        vm.assertTrue(fixture.factorOf(draft, 7, 0) < 16, "holds it in part");
        vm.assertEq(fixture.listOf(draft, NOBODY).rowIds.length, 4);
        draft = fixture.draftOf(free());
        vm.assertGt(fixture.gainOf(draft, 1), 0);
    }

    /// @dev node/ai/fusion/cover-bytes.test.ts has the same of the same documents.
    function test_cover_is_what_the_node_makes_of_the_same_answer() public view {
        uint32[] memory rowIds = new uint32[](4);
        (rowIds[0], rowIds[1], rowIds[2], rowIds[3]) = (3, 2, 5, 7);
        bytes memory evidence = fixture.evidenceOf(fixture.draftOf(copied()), rowIds);
        bytes memory expected = abi.encodePacked(
            fixture.query(),
            hex"0010000000b5000000c1000000d8000000e4000000fb00000107000001130000012a000004540000046b0000047f0000"
            hex"048f000001f200000209000002150000022102000000080000000900000002000c0010000001b2000000050100000000"
            hex"08000000120000000301000000000800000009000000020101000c0010000001b200000005010000010008000001bc00"
            hex"000007"
        );
        vm.assertEq(evidence, expected);
    }

    function test_true_claim_withstands_every_challenge() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, NOBODY);
        stands(gainsCall());
        for (uint256 i = 0; i < draft.tokens.length; i++) {
            stands(informationCall(i, draft.tokens[i]));
        }
        for (uint256 span = 0; span < draft.spans.length; span++) {
            stands(placeCall(draft.spans[span], OF_COVER, span));
            for (uint256 step = 0; step <= draft.spans.length; step++) {
                stands(coverCall(step, draft.spans[span]));
            }
        }
        for (uint32 row = 0; row < 11; row++) {
            if (row == 9 || row == 10) {
                stands(omittedCall(draft, row));
                continue;
            }
            standsOfRow(draft, row);
        }
    }

    function standsOfRow(Draft memory draft, uint32 row) internal {
        uint256 position = 0;
        while (position < 4 && claim.list.rowIds[position] != row) position++;
        if (position == 4) return stands(omittedCall(draft, row));
        bytes memory listed = abi.encodeWithSelector(IClaimChallenges.RowListed.selector, row);
        refused(watcher, address(challenges), omittedCall(draft, row), listed);
        uint256 number = 0;
        for (uint256 span = 0; span < draft.spans.length; span++) {
            if (draft.held[row][span].end == 0) continue;
            stands(partCall(position, span, draft.held[row][span]));
            if (fixture.factorOf(draft, row, span) == 0) continue;
            stands(placeCall(draft.held[row][span], position, number++));
        }
    }

    function test_free_answer_withstands_every_row() public {
        Draft memory draft = fixture.draftOf(free());
        post(draft, NOBODY);
        stands(gainsCall());
        for (uint32 row = 0; row < 9; row++) {
            standsOfRow(draft, row);
        }
    }

    function test_true_claim_is_paid() public {
        post(fixture.draftOf(copied()), NOBODY);
        vm.warp(block.timestamp + WINDOW + 1);
        settle(claim);
        vm.assertTrue(market.getRequest(claim.requestId).status == IInferenceMarket.Status.Settled);
    }

    function test_true_claim_can_be_proved() public {
        Draft memory draft = fixture.draftOf(copied());
        claim = claimOf(modelId, requestInference(modelId), fixture);
        claim.list = fixture.listOf(draft, NOBODY);
        query = fixture.evidenceOf(draft, claim.list.rowIds);
        claim.queryHash = keccak256(query);
        (bytes[] memory records, bytes32[][] memory paths) = fixture.evidence(claim.list.rowIds);
        vm.prank(host);
        market.claimProved{value: BOND}(claim, query, records, paths);
        stands(gainsCall());
    }

    function test_wrong_information_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        draft.bits[3] -= 1;
        post(draft, NOBODY);
        stands(gainsCall());
        refutes(informationCall(3, draft.tokens[3]), "information");
    }

    function test_wrong_information_of_a_token_without_a_place_in_the_table_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        vm.assertEq(draft.tokens[11], 71);
        draft.bits[11] = 14;
        post(draft, NOBODY);
        refutes(informationCall(11, 71), "information");
    }

    function test_leaf_of_another_token_shows_nothing() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, NOBODY);
        refused(
            watcher,
            address(challenges),
            informationCall(0, 65),
            abi.encodeWithSelector(ISpanChallenges.TableMismatch.selector)
        );
    }

    function test_span_where_other_words_stand_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        draft.spans[0].position += 1;
        post(draft, NOBODY);
        refutes(placeCall(draft.spans[0], OF_COVER, 0), "span");
    }

    function test_span_behind_the_text_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        Stretch memory real = draft.spans[0];
        draft.spans[0] = Stretch(real.start, real.end, type(uint32).max, real.document);
        post(draft, NOBODY);
        Opening memory text = fixture.openText(0, 1);
        refutes(
            abi.encodeCall(
                ISpanChallenges.challengePlace,
                (
                    claim,
                    query,
                    fixture.spanIndex(),
                    ClaimedPlace(OF_COVER, 0, 1, 2),
                    text,
                    fixture.openDocument(0),
                    SALT
                )
            ),
            "span"
        );
    }

    function test_span_of_another_document_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        draft.spans[0].document = 3;
        post(draft, NOBODY);
        refutes(placeCall(draft.spans[0], OF_COVER, 0), "span");
    }

    function test_part_that_the_row_has_not_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        // All of the span, at its place in row 7, where the first token is another one.
        draft.held[7][0].start -= 1;
        draft.held[7][0].position -= 1;
        post(draft, NOBODY);
        stands(gainsCall());
        refutes(placeCall(draft.held[7][0], placeOf(7), 0), "span");
    }

    function test_part_of_another_row_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        draft.held[7][0] = draft.held[2][0];
        post(draft, NOBODY);
        refutes(placeCall(draft.held[7][0], placeOf(7), 0), "span");
    }

    function test_openings_of_another_place_show_nothing() public {
        Draft memory draft = fixture.draftOf(copied());
        post(draft, NOBODY);
        Stretch memory other = draft.spans[0];
        other.position += 64;
        (bool ok,) = announced(watcher, address(challenges), placeCall(other, OF_COVER, 0));
        vm.assertFalse(ok);
    }

    function test_smaller_span_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        Stretch memory real = draft.spans[0];
        draft.spans[0] = Stretch(real.start + 1, real.end, real.position + 1, real.document);
        postHeld(draft);
        stands(gainsCall());
        refutes(coverCall(0, real), "cover");
    }

    function test_span_left_out_refutes() public {
        Draft memory draft = fixture.draftOf(copied());
        Stretch memory real = draft.spans[1];
        Stretch[] memory spans = draft.spans;
        assembly ("memory-safe") {
            mstore(spans, 1)
        }
        postHeld(draft);
        refutes(coverCall(1, real), "cover");
    }

    function test_spans_in_another_order_refute() public {
        Draft memory draft = fixture.draftOf(copied());
        (draft.spans[0], draft.spans[1]) = (draft.spans[1], draft.spans[0]);
        Stretch memory real = draft.spans[1];
        postHeld(draft);
        refutes(coverCall(0, real), "cover");
    }
}
