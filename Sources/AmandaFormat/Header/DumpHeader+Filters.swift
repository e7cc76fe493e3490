// SPDX-License-Identifier: Apache-2.0

extension DumpHeader {
    /// Writes into line 1 and into the hint how the DLE is compressed and encrypted, and how it comes back.
    ///
    /// Suffixes `.gz`, `cust` and `enc`; a custom program decompresses with `-d`. Source: Amanda 3.5.1, one dump of each
    /// combination (Tests/AmandaFormatTests/Fixtures/Headers/filters).
    public mutating func describeFilters(of dle: DLEDescription) {
        switch dle.compression {
        case nil: compressionSuffix = nil
        case .clientFast, .clientBest, .serverFast, .serverBest: compressionSuffix = ".gz"
        case .clientCustom(let program): (compressionSuffix, clientCompressProgram) = ("cust", program)
        case .serverCustom(let program): (compressionSuffix, serverCompressProgram) = ("cust", program)
        }
        switch dle.encryption {
        case nil: encryptionSuffix = nil
        case .clientCustom(let program, let option):
            (encryptionSuffix, clientEncryptProgram, clientDecryptOption) = ("enc", program, option)
        case .serverCustom(let program, let option):
            (encryptionSuffix, serverEncryptProgram, serverDecryptOption) = ("enc", program, option)
        }
        recoveryCommands = [decryption, decompression, restore].compactMap(\.self)
    }

    private var decryption: String? {
        guard let program = clientEncryptProgram ?? serverEncryptProgram else { return nil }
        return [program, clientDecryptOption ?? serverDecryptOption].compactMap(\.self).joined(separator: " ")
    }

    private var decompression: String? {
        if let program = clientCompressProgram ?? serverCompressProgram { return program + " -d" }
        return compressionSuffix == nil ? nil : "/bin/gzip -dc"
    }

    private var restore: String {
        application.map { "/usr/lib/amanda/application/\($0) restore [./file-to-restore]+" }
            ?? "/bin/tar -xpGf - ..."
    }
}
