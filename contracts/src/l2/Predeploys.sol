// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Addresses that genesis gives to the contracts of the chain, and the accounts that the protocol itself uses.
library Predeploys {
    address internal constant WETH = 0x4200000000000000000000000000000000000006;
    address internal constant L2_CROSS_DOMAIN_MESSENGER = 0x4200000000000000000000000000000000000007;
    address internal constant GAS_PRICE_ORACLE = 0x420000000000000000000000000000000000000F;
    address internal constant L1_BLOCK = 0x4200000000000000000000000000000000000015;
    address internal constant L2_TO_L1_MESSAGE_PASSER = 0x4200000000000000000000000000000000000016;
    address internal constant BASE_FEE_VAULT = 0x4200000000000000000000000000000000000019;
    address internal constant OPERATOR_FEE_VAULT = 0x420000000000000000000000000000000000001b;
    address internal constant NATIVE_ASSET_LIQUIDITY = 0x4200000000000000000000000000000000000029;
    address internal constant LIQUIDITY_CONTROLLER = 0x420000000000000000000000000000000000002a;
    /// @notice Ours: mints OPEN that the bridge on L1 locked.
    address internal constant OPEN_MINTER = 0x4200000000000000000000000000000000000700;

    /// @notice Sender of the L1 attributes transaction and of upgrade transactions.
    address internal constant DEPOSITOR_ACCOUNT = 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001;
}
