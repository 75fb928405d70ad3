import ArgumentParser
import Server

@main struct Tenantry: AsyncParsableCommand {}
