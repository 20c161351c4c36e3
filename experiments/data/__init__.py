"""Reading the data: where the files are, their form, cells, tables and labels."""
