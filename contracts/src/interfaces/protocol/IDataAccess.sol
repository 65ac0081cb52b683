// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DatanetId, SnapshotRef} from "../../protocol/Types.sol";

/// @notice On what terms models may be trained on a datanet's snapshots. All zero, as every datanet begins: free, by its own licence.
/// @param perSnapshot Wei for a snapshot.
/// @param perRow Wei for each of its rows that are not skipped.
/// @param royaltyBps What a model's owner gives on to the snapshot's pool of each fee that it gets, in 1/10000.
/// @param curationBps Part of the price that the datanet's reviewers share (see ICuration), in 1/10000; the snapshot's pool has the rest.
/// @param closed Nobody else gets access any more.
/// @param licence keccak256 of the licence's text or SPDX expression; 0: the datanet's own licence.
struct AccessTerms {
    uint128 perSnapshot;
    uint128 perRow;
    uint16 royaltyBps;
    uint16 curationBps;
    bool closed;
    bytes32 licence;
}

/// @title Access to datanets for training.
/// @notice Who registers a model has, or buys with it, access to each of its snapshots. Access is of an account to a snapshot, for all
/// its models, and keeps the royalty and the licence of its sale whatever the owner sets later. The money belongs to the
/// snapshot's contributors and the datanet's reviewers, never to the datanet's owner. Wei.
interface IDataAccess {
    /// @param royaltyBps As it was when it was sold.
    /// @param licence As it was when it was sold.
    struct Sale {
        uint64 soldAt;
        uint16 royaltyBps;
        bytes32 licence;
    }

    /// @param licence The text whose hash the terms have; empty: the datanet's own licence.
    event AccessTermsSet(DatanetId indexed datanetId, AccessTerms terms, string licence);
    event AccessSold(
        DatanetId indexed datanetId,
        uint32 indexed number,
        address indexed buyer,
        uint256 price,
        uint256 curation,
        uint16 royaltyBps,
        bytes32 licence
    );

    error NotAccessOwner(address caller);
    error NotModels(address caller);
    error AccessTermOutOfRange(bytes32 field, uint256 value, uint256 most);
    error LicenceLength(uint256 length);
    error LicenceMismatch(bytes32 inTerms, bytes32 ofText);
    error AccessClosed(DatanetId datanetId);
    error AccessPriceMismatch(uint256 sent, uint256 price);
    /// @notice The owner has set other terms meanwhile.
    error AccessTermsChanged(DatanetId datanetId);
    error AccessHeld(DatanetId datanetId, uint32 number, address buyer);

    /// @notice Sets the terms of later sales. For the datanet's owner.
    /// @param terms Prices at most AMOUNT_MAX of the parameters, parts at most ROYALTY_MAX and CURATION_MAX.
    /// @param licence At most 1024 bytes: the text, an SPDX expression, or the hash of a text that lies elsewhere.
    function setAccess(DatanetId datanetId, AccessTerms calldata terms, string calldata licence) external;

    /// @notice Buys access to a snapshot for the caller, for exactly its price.
    /// @param expected The terms that the caller agrees to: the present ones.
    function buy(DatanetId datanetId, uint32 number, AccessTerms calldata expected) external payable;

    /// @notice Lets a model over these snapshots be registered by `buyer`; buys what it has no access to for exactly feeOf. For
    /// ModelLedger.
    /// @return royalties What each snapshot gets of the model's owner's part, in 1/10000.
    function admit(address buyer, SnapshotRef[] calldata snapshots)
        external
        payable
        returns (uint16[] memory royalties);

    /// @notice What access to those of the snapshots costs that `buyer` has no access to, at present.
    function feeOf(address buyer, SnapshotRef[] calldata snapshots) external view returns (uint256 fee);

    /// @notice The price of a snapshot at present.
    function priceOf(DatanetId datanetId, uint32 number) external view returns (uint256);

    function accessOf(DatanetId datanetId) external view returns (AccessTerms memory);

    /// @notice What an account bought; soldAt 0: nothing.
    function saleOf(DatanetId datanetId, uint32 number, address buyer) external view returns (Sale memory);
}
