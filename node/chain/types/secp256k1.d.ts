declare module "secp256k1" {
  const secp256k1: {
    /** Public key of a signature: 65 bytes uncompressed. Throws on r or s out of range and where no point exists. */
    ecdsaRecover(
      signature: Uint8Array,
      recoveryId: number,
      message: Uint8Array,
      compressed: boolean,
    ): Uint8Array;
    /** `signature` is r and s, 64 bytes, s in the lower half. */
    ecdsaSign(message: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number };
    publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array;
    privateKeyVerify(privateKey: Uint8Array): boolean;
  };
  export = secp256k1;
}
