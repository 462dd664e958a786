"""Addresses that a user typed to bytes: one page or file each, and nothing that it refers to.

``address`` says which addresses are fetched and how they are written, ``network`` which machines
are connected to, ``fetch`` asks for one address and saves what comes, ``media`` says what it is.
"""
