// SPDX-License-Identifier: Apache-2.0

internal import NearestName

/// Reads the lines of a disklist and of what it includes, and goes on after every fault.
struct DisklistParser {
    private let configuration: AmandaConfiguration
    private let include: ConfigurationParser.Include
    private(set) var entries: [DisklistEntry] = []
    private(set) var faults: [ConfigurationFault] = []
    private var lines: ArraySlice<DisklistLine> = []
    private var file = ""
    private var openFiles: [String] = []
    private var customCount = 0

    init(_ configuration: AmandaConfiguration, include: @escaping ConfigurationParser.Include) {
        self.configuration = configuration
        self.include = include
    }

    mutating func read(_ bytes: [UInt8], file name: String) {
        let (savedLines, savedFile) = (lines, file)
        openFiles.append(name)
        file = name
        let texts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines =
            texts.enumerated().map { DisklistLine(String(amandaBytes: $0.element), number: $0.offset + 1) }[
                ...]
        while let line = lines.popFirst() {
            if !line.words.isEmpty { readEntry(line) }
        }
        openFiles.removeLast()
        (lines, file) = (savedLines, savedFile)
    }

    private func place(_ line: DisklistLine) -> ConfigurationPlace {
        ConfigurationPlace(file: file, line: line.number)
    }

    private mutating func fault(_ line: DisklistLine, _ what: String, hint: String? = nil) {
        faults.append(ConfigurationFault(place(line), what, hint: hint))
    }

    private mutating func readEntry(_ line: DisklistLine) {
        guard !line.hasOpenQuote else { return fault(line, "a double quote is not closed on its line") }
        if canonicalKeyword(line.words[0]) == "includefile" { return readInclude(line) }
        guard line.words.count > 2, line.words[1] != "{", !line.name(1).isEmpty else {
            return fault(line, "an entry must be a host, a disk and a dumptype")
        }
        var index = 2
        var device: String?
        if line.words[2] != "{", configuration.dumptype(named: line.name(2)) == nil {
            guard line.words.count > 3, Int(line.words[3]) == nil else { return unknownDumptype(2, line) }
            device = line.name(2)
            index = 3
        }
        let dumptype: DumpType?
        var rest: ArraySlice<String>
        if line.words[index] == "{" {
            (dumptype, rest) = customDumptype(line, braceAt: index)
        } else {
            dumptype = configuration.dumptype(named: line.name(index))
            if dumptype == nil { unknownDumptype(index, line) }
            rest = line.words.dropFirst(index + 1)
        }
        guard let dumptype, let spindle = spindle(&rest, line), let interface = interface(&rest, line) else {
            return
        }
        if let extra = rest.first { return fault(line, "unexpected '\(extra)' at the end of an entry") }
        add(
            DisklistEntry(
                host: line.words[0], diskName: line.name(1), device: device, dumptype: dumptype,
                spindle: spindle, interface: interface.isEmpty ? nil : interface, place: place(line)), line)
    }

    private mutating func unknownDumptype(_ index: Int, _ line: DisklistLine) {
        let name = line.name(index)
        let known = configuration.document.blocks(.dumptype).map(\.name)
        fault(
            line, "unknown dumptype '\(name)'",
            hint: nearestName(to: name, among: known).map { "write '\($0)'." })
    }

    private mutating func spindle(_ rest: inout ArraySlice<String>, _ line: DisklistLine) -> Int? {
        guard let word = rest.popFirst() else { return -1 }
        guard let spindle = Int(word) else {
            fault(line, "the spindle must be a whole number, found '\(word)'")
            return nil
        }
        return spindle
    }

    private mutating func interface(_ rest: inout ArraySlice<String>, _ line: DisklistLine) -> String? {
        guard let word = rest.popFirst() else { return "" }
        let document = configuration.document
        guard document.block(.interface, named: word) != nil else {
            let nearest = nearestName(to: word, among: document.blocks(.interface).map(\.name))
            fault(line, "unknown interface '\(word)'", hint: nearest.map { "write '\($0)'." })
            return nil
        }
        return word
    }

    /// The braces after an entry; gives what follows the closing one too.
    private mutating func customDumptype(
        _ line: DisklistLine, braceAt index: Int
    ) -> (DumpType?, ArraySlice<String>) {
        if line.words.count > index + 1 { fault(line, "the '{' must end its line") }
        var body: [DisklistLine] = []
        var depth = 1
        var closing: DisklistLine?
        while depth > 0, let next = lines.popFirst() {
            if next.words.first?.hasPrefix("}") == true { depth -= 1 }
            if next.words.last == "{" { depth += 1 }
            if depth == 0 { closing = next } else { body.append(next) }
        }
        guard let closing else {
            fault(line, "the '{' of this entry is never closed", hint: "put a '}' on a line of its own.")
            return (nil, [])
        }
        customCount += 1
        let name = "custom(\(line.words[0]):\(sanitisedDiskName(line.name(1)))).\(customCount)"
        return (read(body, named: name, line), closing.words.dropFirst())
    }

    private mutating func read(
        _ body: [DisklistLine], named name: String, _ opening: DisklistLine
    ) -> DumpType? {
        let text =
            String(repeating: "\n", count: opening.number) + body.map { $0.text + "\n" }.joined() + "}\n"
        let (read, spelling) = ConfigurationLexer.lines(of: text.amandaBytes, file: file)
        var parser = ConfigurationParser(file: file, directory: configuration.directory, include: include)
        parser.document = configuration.document
        parser.lines = read[...]
        var block = ConfigurationBlock(.dumptype, name: name, place: place(opening))
        parser.takeGlobalDefaults(&block)
        parser.readBody(of: &block, ConfigurationLine(number: opening.number, tokens: [.leftBrace]))
        faults += spelling + parser.faults
        return spelling.isEmpty && parser.faults.isEmpty ? DumpType(block, of: parser.document) : nil
    }

    private mutating func readInclude(_ line: DisklistLine) {
        guard line.words.count == 2 else {
            return fault(line, "'includefile' must be followed by one file name")
        }
        let path = configuration.absolutePath(line.name(1))
        guard !openFiles.contains(path), openFiles.count < ConfigurationParser.greatestIncludeDepth else {
            return fault(line, "'\(path)' includes itself", hint: "remove this line.")
        }
        do {
            read(try include(path), file: path)
        } catch {
            fault(line, "cannot read the included file '\(path)': \(error)")
        }
    }

    /// Takes an entry, unless it stands in another's way.
    private mutating func add(_ entry: DisklistEntry, _ line: DisklistLine) {
        let ofHost = entries.filter { $0.host.lowercased() == entry.host.lowercased() }
        if let other = ofHost.first(where: { $0.host != entry.host }) {
            return fault(
                line, "host '\(entry.host)' is written '\(other.host)' at \(other.place)",
                hint: "write it the same way everywhere.")
        }
        if let first = ofHost.first(where: { $0.diskName == entry.diskName }) {
            return fault(
                line, "\(entry.host) \(entry.diskName) stands twice, first at \(first.place)",
                hint: "remove one, or give it a disk name of its own and the directory as device.")
        }
        if let first = ofHost.first(where: {
            sanitisedDiskName($0.diskName) == sanitisedDiskName(entry.diskName)
        }) {
            return fault(
                line,
                "disk '\(entry.diskName)' and disk '\(first.diskName)' at \(first.place) have the same name in the catalog",
                hint: "give one of them another disk name.")
        }
        if entry.dumptype.program == "APPLICATION", entry.dumptype.application == nil {
            return fault(
                line, "dumptype '\(entry.dumptype.name)' has program \"APPLICATION\" but no application",
                hint: "write application \"NAME\" at \(entry.dumptype.place).")
        }
        entries.append(entry)
    }
}
