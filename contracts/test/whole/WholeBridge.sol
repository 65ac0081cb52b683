// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LiquidityController} from "../../src/l2/LiquidityController.sol";
import {NativeAssetLiquidity} from "../../src/l2/NativeAssetLiquidity.sol";
import {OpenMinter} from "../../src/l2/OpenMinter.sol";
import {Predeploys} from "../../src/l2/Predeploys.sol";
import {ModelId} from "../../src/protocol/Types.sol";
import {EpochFixture} from "../protocol/EpochFixture.sol";
import {Messenger} from "./Messenger.sol";

/// @notice All who have OPEN on L2, and the bridge's liquidity, which holds all that nobody has here.
abstract contract WholeBridge is EpochFixture {
    uint256 internal constant SUPPLY = 1e27;
    OpenMinter internal constant MINTER = OpenMinter(Predeploys.OPEN_MINTER);
    Messenger internal constant MESSENGER = Messenger(Predeploys.L2_CROSS_DOMAIN_MESSENGER);

    address[] internal people;
    address[] internal contracts;

    /// @dev What the people and contracts have came over the bridge; the rest waits in the liquidity.
    function openBridge() internal {
        vm.etch(Predeploys.NATIVE_ASSET_LIQUIDITY, address(new NativeAssetLiquidity()).code);
        vm.etch(Predeploys.LIQUIDITY_CONTROLLER, address(new LiquidityController()).code);
        vm.etch(Predeploys.OPEN_MINTER, address(new OpenMinter()).code);
        vm.etch(Predeploys.L2_CROSS_DOMAIN_MESSENGER, address(new Messenger()).code);
        LiquidityController(payable(Predeploys.LIQUIDITY_CONTROLLER))
            .initialize(address(this), "OPEN", "OPEN", address(MINTER));
        MINTER.initialize(address(0xB41D6E));
        contracts.push(Predeploys.LIQUIDITY_CONTROLLER);
        contracts.push(address(MINTER));
        contracts.push(address(MESSENGER));
        vm.deal(Predeploys.NATIVE_ASSET_LIQUIDITY, SUPPLY - onL2());
    }

    /// @notice Wei of everybody and everything here, but for the bridge's liquidity.
    function onL2() public view returns (uint256 sum) {
        for (uint256 i = 0; i < people.length; i++) {
            sum += people[i].balance;
        }
        for (uint256 i = 0; i < contracts.length; i++) {
            sum += contracts[i].balance;
        }
        for (uint256 i = 1; i <= models.modelCount(); i++) {
            address purse = royalties.purseOf(ModelId.wrap(i));
            if (purse != address(0)) sum += purse.balance;
        }
    }
}
