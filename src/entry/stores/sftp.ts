export { MissingPeerError } from "../../errors/peer-errors.ts";
export { openSftp, type SftpStoreOptions, sftpStore } from "../../store/sftp/sftp-store.ts";
