// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentStakes} from "../../src/interfaces/agents/IAgentStakes.sol";
import {IContributionStakes} from "../../src/interfaces/protocol/IContributionStakes.sol";
import {IModelStaking} from "../../src/interfaces/protocol/IModelStaking.sol";
import {ContributionId, DatanetId} from "../../src/protocol/Types.sol";
import {WholeDeployment} from "./WholeDeployment.sol";

/// @notice What each person has, and that nobody loses of it but by what they do themselves or by a rule that the step names. A step may
/// be exact: then nobody, and neither pools, stakers' rewards nor treasury, has a wei more or less afterwards than it names.
abstract contract WholePeople is WholeDeployment {
    /// @dev Where shares of a model's stakes changed: they are counted down to whole wei.
    uint256 private constant DUST = 4;
    /// @notice What went wrong inside a step.
    string public broken;
    bool private _isExact;
    uint256[] private _had;
    mapping(address who => uint256) private _mayLose;
    mapping(address who => uint256) private _gains;
    mapping(address who => uint256) private _hadShares;
    /// @dev People and then pools, stakers and treasury.
    address[] internal watched;
    /// @dev Who has stakes of the kinds that `person` may have.
    mapping(address who => bool) private _staker;
    /// @dev From 1.
    mapping(address who => uint256) private _placeOf;

    /// @dev Nobody has less afterwards than before, less what `loses` has named. What a step that failed began to do in another's name is over.
    modifier step(string memory name) {
        vm.stopPrank();
        _isExact = false;
        _;
        _compare(name);
    }

    /// @dev `who` pays, or may lose by a rule, so much in this step at most.
    function loses(address who, uint256 amount) internal {
        _mayLose[_person(who)] += amount;
    }

    /// @dev In an exact step `who` gets this and no more.
    function gains(address who, uint256 amount) internal {
        _gains[_person(who)] += amount;
    }

    /// @dev All that is paid in this step is named, or not all of it after all.
    function exact(bool isExact) internal {
        _isExact = isExact;
    }

    /// @dev The next call is of `who`, who pays so much.
    function by(address who, uint256 amount) internal {
        loses(who, amount);
        vm.prank(who);
    }

    /// @dev Before the first step.
    function countPeople() internal {
        for (uint256 i = 0; i < people.length; i++) {
            watched.push(people[i]);
            _placeOf[people[i]] = i + 1;
        }
        (_staker[alice], _staker[bob], _staker[watcher]) = (true, true, true);
        (_staker[payer], _staker[builder]) = (true, true);
        watched.push(address(pools));
        watched.push(address(staking));
        watched.push(address(feeTreasury));
        _had = _wealth();
    }

    /// @dev Coins, what can be drawn, and what is bound for longer: a stake's owner has it still. Escrows, fees, deposits and purses are
    /// paid when they are given; what comes back of them is a gain. Then what pools, stakers and treasury have.
    function _wealth() private view returns (uint256[] memory sums) {
        uint256 count = people.length;
        sums = new uint256[](count + 3);
        for (uint256 i = 0; i < count; i++) {
            address who = people[i];
            sums[i] = who.balance + balances.balanceOf(who);
            if (_staker[who]) sums[i] += _stakesOf(who);
        }
        for (uint256 i = 0; i < 3; i++) {
            sums[_placeOf[panel[i]] - 1] += _verifierStake(panel[i]);
        }
        for (uint256 i = 0; i < CIRCLE_REVIEWERS; i++) {
            address who = circleReviewer(i);
            sums[_placeOf[who] - 1] += circleReviewers.reviewerOf(who).bond;
        }
        for (uint256 i = datanets.contributionCount(); i > 0; i--) {
            IContributionStakes.Stake memory stake = contributorStakes.stakeOf(ContributionId.wrap(uint64(i)));
            if (_placeOf[stake.contributor] > 0) sums[_placeOf[stake.contributor] - 1] += stake.amount;
        }
        sums[_placeOf[reviewer] - 1] += boards.bondOf(DatanetId.wrap(1), reviewer).amount;
        sums[_placeOf[host] - 1] += hosts.hostOf(host).amount;
        IAgentStakes.Agent memory agent = agentStakes.getAgent(agentId);
        sums[_placeOf[owner] - 1] += address(account).balance + balances.balanceOf(address(account));
        sums[_placeOf[owner] - 1] += agent.stake + agent.leaving;
        (sums[count], sums[count + 1]) = (pools.held(), staking.held());
        sums[count + 2] = address(feeTreasury).balance + balances.balanceOf(address(feeTreasury));
    }

    function _sharesOf(address who) private view returns (uint256) {
        IModelStaking.Position memory position = staking.positionOf(modelId, who);
        return position.amount + position.waiting + position.leaving;
    }

    function _stakesOf(address who) private view returns (uint256 sum) {
        sum = _sharesOf(who) + _verifierStake(who);
        sum += staked.positionOf(who).amount + staked.leavingOf(who).amount;
        return sum + boards.bondOf(boarded, who).amount;
    }

    function _verifierStake(address who) private view returns (uint256) {
        return verifiers.stakeAt(who, uint64(block.timestamp)) + verifiers.verifierOf(who).leaving;
    }

    /// @dev With what was there after the step before: between two steps only time passes.
    function _compare(string memory name) private {
        uint256[] memory had = _had;
        uint256[] memory has = _wealth();
        _had = has;
        for (uint256 i = 0; i < has.length; i++) {
            address who = watched[i];
            uint256 dust = _staker[who] && _sharesOf(who) != _hadShares[who] ? DUST : 0;
            if (dust > 0) _hadShares[who] = _sharesOf(who);
            (uint256 may, uint256 gain) = (_mayLose[who], _gains[who]);
            (_mayLose[who], _gains[who]) = (0, 0);
            if (_isExact) {
                bool isRight = has[i] + may + dust >= had[i] + gain && has[i] + may <= had[i] + gain + dust;
                if (!isRight) expect(false, string.concat("not what is due: ", name, " ", vm.toString(who)));
            } else if (i < people.length && has[i] + may + dust < had[i]) {
                expect(false, string.concat("a loss without a rule: ", name, " ", vm.toString(who)));
            }
        }
    }

    /// @dev What an agent's account has its owner has.
    function _person(address who) private view returns (address) {
        return who == address(account) ? owner : who;
    }

    function person(uint256 seed) internal view returns (address) {
        address[5] memory some = [alice, bob, watcher, payer, builder];
        return some[seed % 5];
    }

    function expect(bool condition, string memory otherwise) internal {
        if (!condition && bytes(broken).length == 0) broken = otherwise;
    }
}
