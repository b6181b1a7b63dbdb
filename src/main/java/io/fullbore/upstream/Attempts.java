package io.fullbore.upstream;

public final class Attempts {}
