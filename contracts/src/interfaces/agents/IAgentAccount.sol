// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeedId} from "../../agents/AgentTypes.sol";
import {RequestId} from "../../protocol/Types.sol";

/// @title An agent's account.
/// @notice Its owner can do anything with it. A session key can make the calls that the owner's Merkle root allows, until a time, within
/// limits for each call and day, and only for answers that it names; but asking for an answer needs none. Wei, units of tokens,
/// seconds; a day is 86,400 seconds of the block's time.
interface IAgentAccount {
    /// @param root Of the calls that it may make: OpenZeppelin's sorted tree over `leafOf` their rules. 0: revoked.
    struct Session {
        uint64 from;
        uint64 until;
        bytes32 root;
    }

    /// @notice What a session may spend of a token; of OPEN with the token 0. What has no limit here is 0 for OPEN; of a token it is
    /// whatever the allowed calls can move.
    struct Limit {
        address token;
        uint128 perCall;
        uint128 perDay;
    }

    /// @notice A call that a session may make.
    /// @param maxValue Wei that may go with it.
    /// @param fixedWords Which words of the arguments are fixed, a bit each from the lowest.
    /// @param words Those, in order: a recipient that is fixed can't be another's.
    struct Rule {
        address target;
        bytes4 selector;
        uint128 maxValue;
        uint32 fixedWords;
        bytes32[] words;
    }

    struct Call {
        address target;
        uint128 value;
        bytes data;
    }

    /// @param because Requests of this account whose answers it follows from, in ascending order.
    /// @param rationale Hash of a text that says why.
    struct Act {
        Call call;
        Rule rule;
        bytes32[] proof;
        RequestId[] because;
        bytes32 rationale;
    }

    event SessionSet(address indexed key, uint64 from, uint64 until, bytes32 root, Limit[] limits);
    event SessionRevoked(address indexed key, address by);
    event SessionSpent(address indexed key, address indexed token, uint256 amount, uint256 today);
    event OwnerActed(address indexed target, uint256 value, bytes data);

    error NotOwner(address caller, address owner);
    error SessionTimes(uint64 from, uint64 until);
    error SessionLimits(uint256 count, uint256 most);
    error LimitRepeated(address token);
    error SessionOver(address key, uint64 from, uint64 until);
    error CallNotAllowed(address target, bytes4 selector);
    /// @notice The call is not the rule's: 0 target, 1 selector, 2 value, 3 and above the word of the arguments with that number less 3.
    error CallOutsideRule(uint256 part);
    error AboveCallLimit(address token, uint256 amount, uint256 most);
    error AboveDayLimit(address token, uint256 amount, uint256 most);
    error ActTooOld(uint256 until);
    error SignatureOther(address key);

    /// @notice Lets a key act, in place of what it might before; what it spent today counts on. For the owner.
    function setSession(address key, Session calldata session, Limit[] calldata limits) external;

    /// @notice Ends a key's session. For the owner and the key.
    function revoke(address key) external;

    /// @notice Makes a call that the caller's session allows.
    /// @return deedId 0 for a question to the market.
    function act(Act calldata order) external returns (DeedId deedId, bytes memory result);

    /// @notice Makes a call that `key` has signed (EIP-712), with its next nonce. Anybody may call.
    function actFor(address key, Act calldata order, uint256 deadline, bytes calldata signature)
        external
        returns (DeedId deedId, bytes memory result);

    /// @notice Makes any call. For the owner.
    function execute(Call calldata order) external returns (bytes memory result);

    function leafOf(Rule calldata rule) external pure returns (bytes32);
    /// @notice What a key signs for `actFor`.
    function digestOf(address key, Act calldata order, uint256 nonce, uint256 deadline)
        external
        view
        returns (bytes32);
    function sessionOf(address key) external view returns (Session memory session, Limit[] memory limits);
    /// @notice What a key has spent of a token today.
    function spentToday(address key, address token) external view returns (uint256);
}
