"""Reading CSV files and workbooks into cells, columns and numbers, whatever the publisher."""
