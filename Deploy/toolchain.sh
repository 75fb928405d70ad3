# Finds the Swift toolchain; to be sourced by the other scripts.

# On the search path, or where toolchains are usually unpacked.
for folder in /opt/swift/usr/bin /usr/local/swift/usr/bin /usr/share/swift/usr/bin "${HOME:-/root}/.local/share/swiftly/bin"; do
    if command -v swift >/dev/null; then break; fi
    if [ -x "$folder/swift" ]; then PATH=$folder:$PATH; fi
done
export PATH

require_swift() {
    if ! command -v swift >/dev/null; then
        echo "No Swift toolchain is on the search path. Install Swift 6.3: https://www.swift.org/install/linux" >&2
        exit 1
    fi
}
