// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEpochChallenges} from "../../src/interfaces/protocol/IEpochChallenges.sol";
import {SumNode, SumTrees} from "../../src/protocol/SumTrees.sol";
import {EpochLiesTest} from "./EpochLiesTest.sol";

/// @notice Epochs of which a sum, a range or a payout is false.
contract EpochTreeLiesTest is EpochLiesTest {
    function test_a_false_sum_of_a_node() public {
        bump = Bump(1, 1, 3);
        ranges[1].net += 3;
        closeEpoch();
        _refutes(_sumCall(false, 1, 1));
    }

    function test_a_false_sum_of_the_root() public {
        bump = Bump(3, 0, 5);
        ranges[0].net += 5;
        closeEpoch();
        _refutes(_sumCall(false, 3, 0));
    }

    function test_a_false_sum_among_the_payouts() public {
        payoutBump = Bump(2, 1, 1);
        closeEpoch();
        _refutes(_sumCall(true, 2, 1));
    }

    function test_a_payer_that_pays_for_another() public {
        (ranges[0].net, ranges[1].net) = (ranges[0].net - 7, ranges[1].net + 7);
        closeEpoch();
        _refutes(_rangeCall(1));
    }

    function test_fees_behind_the_last_inference() public {
        bump = Bump(0, 6, 9);
        ranges[1].net += 9;
        closeEpoch();
        _refutes(_rangeCall(1));
    }

    function test_money_behind_the_last_payout() public {
        payoutBump = Bump(0, 12, 9);
        closeEpoch();
        _refutes(_totalCall());
    }

    function test_two_payouts_out_of_order() public {
        (Due memory a, Due memory b) = (dues[3], dues[4]);
        (dues[3], dues[4]) = (b, a);
        closeEpoch();
        _refutes(_orderCall(3));
    }

    function test_a_payout_twice() public {
        dues[4] = dues[3];
        closeEpoch();
        _refutes(_orderCall(3));
    }

    function test_a_payout_of_another_amount() public {
        dues[2].amount -= 1;
        closeEpoch();
        _refutes(_payoutCall(2, dues[2].inference));
    }

    function test_a_payout_for_who_is_not_listed() public {
        // The host's own, taken off another.
        dues[9].contributionId = 77;
        closeEpoch();
        _refutes(_payoutCall(9, dues[9].inference));
    }

    function test_a_payout_of_no_inference() public {
        dues[9].inference = 5;
        closeEpoch();
        _refutes(_payoutCall(9, 0));
    }

    function test_a_missing_payout() public {
        uint256[3] memory all = [uint256(0), 5, 9];
        uint256 clean = vm.snapshotState();
        for (uint256 i = 0; i < all.length; i++) {
            Due memory gone = dues[all[i]];
            for (uint256 j = all[i]; j + 1 < dues.length; j++) {
                dues[j] = dues[j + 1];
            }
            dues.pop();
            closeEpoch();
            bytes memory wrong = _missingCall(gone.inference, gone.contributionId, all[i] == 9 ? 8 : 9);
            refused(watcher, address(epochChallenges), wrong, STANDS);
            _refutes(_missingCall(gone.inference, gone.contributionId, uint32(all[i])));
            vm.revertToState(clean);
        }
        uint64 id = dues[9].contributionId;
        delete dues;
        closeEpoch();
        _refutes(_missingCall(2, id, 0));
    }

    function test_a_node_is_shown_at_its_place_with_its_children() public {
        closeEpoch();
        SumNode[][] memory levels = inferenceLevels();
        SumNode[3] memory nodes = [levels[1][1], levels[0][0], levels[0][1]];
        bytes memory call = abi.encodeCall(
            IEpochChallenges.challengeSum, (epochId, false, 1, 1, nodes, pathOf(levels, 1, 1), SALT)
        );
        refused(
            watcher,
            address(epochChallenges),
            call,
            abi.encodeWithSelector(
                IEpochChallenges.NotChildren.selector, levels[1][1].hash, levels[1][0].hash
            )
        );
        nodes[0].sum += 1;
        call = abi.encodeCall(
            IEpochChallenges.challengeSum, (epochId, false, 1, 1, nodes, pathOf(levels, 1, 1), SALT)
        );
        refused(
            watcher, address(epochChallenges), call, abi.encodeWithSelector(SumTrees.NotInTree.selector, 1)
        );
        call = abi.encodeCall(
            IEpochChallenges.challengeSum, (epochId, false, 1, 4, nodes, pathOf(levels, 1, 0), SALT)
        );
        refused(
            watcher,
            address(epochChallenges),
            call,
            abi.encodeWithSelector(IEpochChallenges.NoSuchLevel.selector, 1, 3)
        );
    }
}
