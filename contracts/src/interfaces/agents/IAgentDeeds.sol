// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentId, DeedId} from "../../agents/AgentTypes.sol";
import {RequestId} from "../../protocol/Types.sol";
import {Claim} from "../protocol/IInferenceMarket.sol";

/// @title What agents did, and the answers that it follows from.
/// @notice A deed names requests of the agent's account that were claimed or settled: with the market's events it is one chain, deed, answers,
/// rows, contributors. What a deed earned flows back by the weights of those answers; a refuted answer taints its deeds.
interface IAgentDeeds {
    /// @param policy Of the agent when it acted.
    struct Deed {
        AgentId agentId;
        uint64 at;
        bool isTainted;
        bytes32 policy;
        RequestId[] because;
    }

    event AgentActed(
        AgentId indexed agentId,
        DeedId indexed deedId,
        address indexed key,
        address target,
        bytes4 selector,
        uint256 value,
        bytes32 dataHash,
        RequestId[] because,
        bytes32 rationale
    );
    event DeedTainted(DeedId indexed deedId, RequestId requestId);
    event DeedRewarded(DeedId indexed deedId, address indexed from, uint256 amount);
    /// @notice What contributions' contributors received of a deed's revenue by one of its answers: those of its list, or those of rows in
    /// its prompt.
    event DeedContributorsPaid(
        DeedId indexed deedId,
        RequestId indexed requestId,
        uint64[] contributionIds,
        address[] contributors,
        uint256[] amounts
    );

    error NotAgent(address caller);
    error AgentNotActive(AgentId agentId);
    error BecauseCount(uint256 count, uint256 most);
    error BecauseOrder(RequestId requestId);
    error NotPayerOf(RequestId requestId, address account);
    error AnswerMissing(RequestId requestId);
    error AnswerTooOld(RequestId requestId, uint256 until);
    error ModelNotOfAgent(RequestId requestId);
    error DeedUnknown(DeedId deedId);
    error DeedIsTainted(DeedId deedId);
    error AnswerStands(RequestId requestId);
    error NotBecause(DeedId deedId, RequestId requestId);
    error NotSettled(RequestId requestId);
    error ClaimsOther(DeedId deedId);
    error RewardZero();
    error NotVerdicts(address caller);

    /// @notice Writes down a deed before it is done. For accounts of agents.
    function record(
        address key,
        address target,
        uint256 value,
        bytes calldata data,
        RequestId[] calldata because,
        bytes32 rationale
    ) external returns (DeedId deedId);

    /// @notice Taints a deed that names a refuted request. Anybody may call.
    function taint(DeedId deedId, RequestId requestId) external;

    /// @notice Taints a deed that a panel has judged. For AgentVerdicts.
    function taintByVerdict(DeedId deedId) external;

    /// @notice Pays the value sent to the contributors of a deed's answers, an equal part by the weights of each; what an answer's rows
    /// did not earn goes to the pools of its model's snapshots, as with its fee. All have to be settled, and the deed not tainted.
    /// @param claims Of its requests, in their order.
    function reward(DeedId deedId, Claim[] calldata claims) external payable;

    function deedOf(DeedId deedId) external view returns (Deed memory);
    function deedCount() external view returns (uint256);
}
