"""Human3.6M from the files that users have: archives, npz pair or h5 tree."""
