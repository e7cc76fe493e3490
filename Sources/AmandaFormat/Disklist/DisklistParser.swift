// SPDX-License-Identifier: Apache-2.0

import Faults
import HiddenCharacters
import NearestName

/// Reads the lines of a disklist and of what it includes, and goes on after every fault.
struct DisklistParser {
    let configuration: AmandaConfiguration
    private let include: ConfigurationParser.Include
    private(set) var entries: [DisklistEntry] = []
    private var faults: [ConfigurationFault] = []
    /// Hidden characters where they may stand.
    private(set) var remarks: [Remark] = []
    var lines: ArraySlice<DisklistLine> = []
    private var file = ""
    private var openFiles: [String] = []
    private var fileCount = 0
    private var order = ReadingOrder()
    private var customCount = 0
    private var disks = DisklistNames()
    /// Dumptypes whose fault was said of an entry before.
    private var blamed: Set<FaultPlace> = []

    init(_ configuration: AmandaConfiguration, include: @escaping ConfigurationParser.Include) {
        self.configuration = configuration
        self.include = include
    }

    /// All faults so far, in the order of the lines.
    var orderedFaults: [ConfigurationFault] { order.sorted(faults) }

    /// - Parameter line: the one that includes the file.
    mutating func read(_ bytes: [UInt8], file name: String, includedAt line: Int? = nil) {
        let (savedLines, savedFile) = (lines, file)
        order.note(name, in: file, at: line)
        openFiles.append(name)
        fileCount += 1
        file = name
        let text = AmandaText(bytes, file: name)
        if let fault = text.fault { faults.append(fault) }
        let texts = text.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        lines =
            texts.enumerated().map { DisklistLine(String(amandaBytes: $0.element), number: $0.offset + 1) }
            .filter { !$0.words.isEmpty }[...]
        while let line = lines.popFirst() {
            readEntry(line)
        }
        openFiles.removeLast()
        (lines, file) = (savedLines, savedFile)
    }

    private func place(_ line: DisklistLine) -> FaultPlace {
        FaultPlace(file: file, line: line.number)
    }

    private mutating func fault(_ line: DisklistLine, _ what: String, hint: String? = nil) {
        guard let hidden = line.hidden else {
            return faults.append(ConfigurationFault(place(line), what, hint: hint))
        }
        faults.append(
            ConfigurationFault(
                place(hidden, line),
                "\(hidden.name) stands here, where nobody sees it: \(what.showingHidden)",
                hint: "write a blank in its place, or remove it."))
    }

    private func place(_ hidden: HiddenCharacter, _ line: DisklistLine) -> FaultPlace {
        FaultPlace(file: file, line: line.number, column: hidden.column)
    }

    /// What a hidden character in a good entry is; false: it spoils the entry.
    private mutating func takesHidden(_ line: DisklistLine) -> Bool {
        guard let hidden = line.hidden else { return true }
        if hidden.scalar == "\0" {
            fault(line, "it ends the line for stock Amanda")
            return false
        }
        if HiddenCharacter(firstIn: line.words[0]) != nil {
            fault(line, "no host has it in its name")
            return false
        }
        remarks.append(
            Remark(place: place(hidden, line), "\(hidden.name) stands in this entry, where nobody sees it"))
        return true
    }

    private mutating func readEntry(_ line: DisklistLine) {
        if line.isInclude { return readInclude(line) }
        if line.closes { return fault(line, "this '}' closes nothing") }
        guard !line.hasOpenQuote else {
            fault(line, "a double quote is not closed on its line")
            return skipBraces(line)
        }
        guard line.words.count > 2, line.words[1] != "{", !line.name(1).isEmpty else {
            fault(line, "an entry must be a host, a disk and a dumptype")
            return skipBraces(line)
        }
        guard takesHidden(line) else { return skipBraces(line) }
        if let (what, hint) = disks.add(host: line.words[0], disk: line.name(1), place(line)) {
            fault(line, what, hint: hint)
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
        let (spindle, interface) = (spindle(&rest, line), interface(&rest, line))
        if let extra = rest.first { return fault(line, "unexpected '\(extra)' at the end of an entry") }
        guard let dumptype, let spindle, let interface else { return }
        requireApplication(dumptype, line)
        entries.append(
            DisklistEntry(
                host: line.words[0], diskName: line.name(1), device: device, dumptype: dumptype,
                spindle: spindle, interface: interface.isEmpty ? nil : interface, place: place(line)))
    }

    private mutating func unknownDumptype(_ index: Int, _ line: DisklistLine) {
        let (name, document) = (line.name(index), configuration.document)
        guard !document.losses.mayHold(.dumptype, named: name) else { return }
        let nearest = nearestName(to: name, among: document.blocks(.dumptype).map(\.name))
        fault(line, "unknown dumptype '\(name)'", hint: nearest.map { "write '\($0)'." })
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
        guard document.block(.interface, named: word) == nil else { return word }
        guard !document.losses.mayHold(.interface, named: word) else { return nil }
        let nearest = nearestName(to: word, among: document.blocks(.interface).map(\.name))
        fault(line, "unknown interface '\(word)'", hint: nearest.map { "write '\($0)'." })
        return nil
    }

    private mutating func requireApplication(_ dumptype: DumpType, _ line: DisklistLine) {
        guard dumptype.program == "APPLICATION", dumptype.application == nil, !dumptype.block.isFaulty,
            blamed.insert(dumptype.place).inserted
        else { return }
        fault(
            line, "dumptype '\(dumptype.name)' has program \"APPLICATION\" but no application",
            hint: "write application \"NAME\" at \(dumptype.place).")
    }

    private mutating func readInclude(_ line: DisklistLine) {
        guard line.words.count == 2, !line.hasOpenQuote else {
            return fault(
                line,
                line.hasOpenQuote
                    ? "a double quote is not closed on its line"
                    : "'includefile' must be followed by one file name")
        }
        let path = configuration.absolutePath(line.name(1))
        guard !openFiles.contains(path), openFiles.count < ConfigurationParser.greatestIncludeDepth else {
            return fault(line, "'\(path)' includes itself", hint: "remove this line.")
        }
        guard fileCount < ConfigurationParser.greatestFileCount else {
            return fault(line, ConfigurationParser.tooManyFiles)
        }
        do {
            read(try include(path), file: path, includedAt: line.number)
        } catch {
            faults.append(.unreadable(path, place(line), error))
        }
    }
}

/// The braces after an entry.
extension DisklistParser {
    /// The dumptype, and what follows the closing brace.
    private mutating func customDumptype(
        _ line: DisklistLine, braceAt index: Int
    ) -> (DumpType?, ArraySlice<String>) {
        let inner = line.words.dropFirst(index + 1)
        if !inner.isEmpty {
            fault(line, "the '{' must end its line")
            if inner.contains(where: { $0.hasPrefix("}") }) { return (nil, []) }
        }
        let (body, closing) = body(of: line)
        customCount += 1
        let name = "custom(\(line.words[0]):\(sanitisedDiskName(line.name(1)))).\(customCount)"
        return (read(body, named: name, line), closing?.words.dropFirst() ?? [])
    }

    private mutating func skipBraces(_ line: DisklistLine) {
        if line.opens { _ = body(of: line) }
    }

    /// The lines between the braces, and the one that closes them; nil where none does before something else begins.
    private mutating func body(of opening: DisklistLine) -> ([DisklistLine], closing: DisklistLine?) {
        var body: [DisklistLine] = []
        var depth = 1
        while let line = lines.first, !beginsAnother(line) {
            lines.removeFirst()
            if line.closes { depth -= 1 }
            if line.opens { depth += 1 }
            if depth > 0 {
                body.append(line)
            } else if goesOnBehindBrace {
                fault(line, "this '}' closes the entry before its last parameter", hint: "remove it.")
                depth = 1
            } else {
                return (body, line)
            }
        }
        let next = lines.first.map { " before line \($0.number), where something else begins" } ?? ""
        fault(
            opening, "the '{' of this entry is never closed\(next)", hint: "put a '}' on a line of its own.")
        return (body, nil)
    }

    /// Whether a line within braces shows that the closing one is missing above it.
    private func beginsAnother(_ line: DisklistLine) -> Bool {
        if line.isInclude { return nextBrace(in: lines.dropFirst())?.closes != true }
        guard line.words.count > 2, !line.isParameter else { return false }
        return line.opens
            || [2, 3].contains { index in
                index < line.words.count && configuration.dumptype(named: line.name(index)) != nil
            }
    }

    /// Whether behind a `}` come parameters, and then a `}` that would close nothing.
    private var goesOnBehindBrace: Bool {
        nextBrace(in: lines)?.closes == true
            && lines.prefix { !$0.closes }.contains(where: \.isParameter)
    }

    private func nextBrace(in lines: ArraySlice<DisklistLine>) -> DisklistLine? {
        lines.first { $0.closes || $0.opens || beginsEntry($0) }
    }

    private func beginsEntry(_ line: DisklistLine) -> Bool {
        line.words.count > 2 && !line.isParameter
    }

    private mutating func read(
        _ body: [DisklistLine], named name: String, _ opening: DisklistLine
    ) -> DumpType? {
        var text = ""
        var number = 1
        for line in body {
            text += String(repeating: "\n", count: line.number - number) + line.text
            number = line.number
        }
        let (read, spelling, hidden) = ConfigurationLexer.lines(of: (text + "\n}\n").amandaBytes, file: file)
        var parser = ConfigurationParser(file: file, directory: configuration.directory, include: include)
        parser.document = configuration.document
        parser.lines = read[...]
        var block = ConfigurationBlock(.dumptype, name: name, place: place(opening))
        parser.takeGlobalDefaults(&block)
        parser.readBody(of: &block, ConfigurationLine(number: opening.number, tokens: [.leftBrace]))
        remarks += hidden
        let found = spelling + parser.faults
        faults += found
        block.isFaulty = block.isFaulty || !found.isEmpty
        return DumpType(block, of: parser.document)
    }
}
