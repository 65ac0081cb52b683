// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {NativeAssetLiquidity} from "./NativeAssetLiquidity.sol";
import {Predeploys} from "./Predeploys.sol";

/// @notice Sends its whole value to an account without running the account's code.
contract ForcedSend {
    constructor(address payable recipient) payable {
        selfdestruct(recipient);
    }
}

/// @title LiquidityController
/// @notice Brings the native coin into circulation and out of it, for minters that the owner has authorised.
contract LiquidityController is Initializable, Ownable {
    /// @notice Whether an account may mint and burn.
    mapping(address => bool) public minters;
    /// @notice Name of the native coin.
    string public gasPayingTokenName;
    /// @notice Symbol of the native coin.
    string public gasPayingTokenSymbol;

    event MinterAuthorized(address indexed minter);
    event MinterDeauthorized(address indexed minter);
    event LiquidityMinted(address indexed minter, address indexed to, uint256 amount);
    event LiquidityBurned(address indexed minter, uint256 amount);

    error UnauthorizedMinter(address caller);
    error UnexpectedValue();

    modifier onlyMinter() {
        if (!minters[msg.sender]) revert UnauthorizedMinter(msg.sender);
        _;
    }

    constructor() Ownable(address(0xdead)) {
        _disableInitializers();
    }

    /// @param owner_  May authorise minters.
    /// @param name_   Name of the native coin.
    /// @param symbol_ Symbol of the native coin.
    /// @param minter  First minter.
    function initialize(address owner_, string calldata name_, string calldata symbol_, address minter)
        external
        initializer
    {
        _transferOwnership(owner_);
        gasPayingTokenName = name_;
        gasPayingTokenSymbol = symbol_;
        minters[minter] = true;
        emit MinterAuthorized(minter);
    }

    /// @notice Takes what NativeAssetLiquidity gives, and nothing else.
    receive() external payable {
        if (msg.sender != Predeploys.NATIVE_ASSET_LIQUIDITY) revert UnexpectedValue();
    }

    /// @notice Version of the interface.
    function version() external pure returns (string memory) {
        return "1.0.0+openledger";
    }

    function authorizeMinter(address minter) external onlyOwner {
        minters[minter] = true;
        emit MinterAuthorized(minter);
    }

    function deauthorizeMinter(address minter) external onlyOwner {
        delete minters[minter];
        emit MinterDeauthorized(minter);
    }

    /// @notice Brings coins into circulation. Runs no code of the recipient, so it cannot be made to fail by it.
    /// @param to     Receives them.
    /// @param amount Wei.
    function mint(address to, uint256 amount) external onlyMinter {
        NativeAssetLiquidity(Predeploys.NATIVE_ASSET_LIQUIDITY).withdraw(amount);
        new ForcedSend{value: amount}(payable(to));
        emit LiquidityMinted(msg.sender, to, amount);
    }

    /// @notice Takes the coins that come with the call out of circulation.
    function burn() external payable onlyMinter {
        NativeAssetLiquidity(Predeploys.NATIVE_ASSET_LIQUIDITY).deposit{value: msg.value}();
        emit LiquidityBurned(msg.sender, msg.value);
    }
}
